"""What is kept of a run that a person has played on containers: its recording, and its verdict."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness import catalogue, store
from harness.checks.timing import timing
from harness.checks.verdict import judge
from harness.live.viewed import Viewed
from harness.model.experiment import Experiment, OwnFaults
from harness.recording import Recording
from harness.result import CHANGED, Result

ONE_ALONE = "one variant was played, so its claims are told apart from no other"
BY_HAND = "played by hand, as script.json says"
Drawing = Callable[[Result, Path, datetime], AbstractContextManager[None]]
"""Writes a run's report into its folder, before and after the block."""


def undrawn(result: Result, folder: Path, when: datetime) -> AbstractContextManager[None]:
    """Write no report."""
    del result, folder, when
    return nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where a run is kept; `verdict` is "" for one that was not the lab as it is."""

    run: str
    digest: str
    verdict: str
    failed: tuple[str, ...]
    """What did not hold, or could not be set up: of each such claim a line."""


def keep(
    session: Viewed,
    recording: Recording,
    folder: Path,
    when: datetime,
    drawing: Drawing = undrawn,
) -> Kept:
    """Judge a recording and write it as `./lab run` does, with what was done by hand."""
    experiment = session.export()
    lab = session.lab
    result = Result(slug=session.slug, lab=session.whole, seed=session.seed)
    result.recordings.append(recording)
    result.controls += [*judge(lab, recording), *timing(recording)]
    result.left_out = tuple(one.name for one in lab.variants if one.name != recording.variant)
    result.unproven.append(ONE_ALONE)
    result.notes += [f"{recording.variant}, {recording.engine}: {note}" for note in recording.notes]
    as_it_is = _is_as_it_is(session, experiment, recording)
    if not as_it_is:
        result.notes.append(f"{CHANGED}: {BY_HAND}")
        (folder / "script.json").write_text(f"{json.dumps(experiment.to_json(), indent=1)}\n")
    with drawing(result, folder, when):
        store.save(result, when, folder)
    lines = [
        f"{one.claim}: {one.measure} is {one.value:.4g} {one.unit}, wanted {one.bound}"
        for one in result.controls
        if one.margin < 0 or one.margin != one.margin
    ]
    return Kept(
        run=catalogue.shown(store.final_path(folder)),
        digest=recording.digest(),
        verdict=str(result.verdict) if as_it_is else "",
        failed=tuple(lines) if as_it_is else (),
    )


def _is_as_it_is(session: Viewed, experiment: Experiment, recording: Recording) -> bool:
    """Say whether it was the lab's own run, which nobody changed or ended."""
    whole = session.whole
    return (
        experiment.faults is OwnFaults.LAB
        and not experiment.script
        and not experiment.settings
        and recording.duration_s == whole.duration_s
    )
