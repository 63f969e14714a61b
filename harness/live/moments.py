"""The moments of a run that a page opens: how long it lasts, and when it is looked at."""

import math
from dataclasses import replace

from harness.errors import LabError
from harness.live.viewed import Viewed
from harness.model.experiment import Experiment

SLICE_S = 0.1
"""The most virtual time that passes between two looks, and two looks for a command."""
LONGEST_S = 600.0
"""How long an opened run lasts, where the experiment does not say."""
MICRO = 6
"""Digits of the moments at which time is looked at, so that a person reads 1.1 and not 1.0999."""


def lasting(experiment: Experiment) -> Experiment:
    """Give an experiment that a person has time for; a script says how long its run lasts."""
    if experiment.duration_s is not None:
        return experiment
    return replace(experiment, duration_s=LONGEST_S)


def moment_of(to_s: float, session: Viewed) -> float:
    """Take a moment of a run.

    Raises:
        LabError: the run does not have it.

    """
    most_s = session.lab.duration_s + session.lab.load.longest_timeout_s()
    if not 0 <= to_s <= most_s:
        raise LabError(f"to_s is {to_s:g}; it must lie between 0 and the run's end, {most_s:g} s")
    return to_s


def next_slice_s(now_s: float) -> float:
    """Give the end of a slice: whole tenths of seconds, so that looks fall on them."""
    return round((math.floor(round(now_s / SLICE_S, MICRO)) + 1) * SLICE_S, MICRO)
