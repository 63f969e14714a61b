"""The gauntlet, run otherwise than it is: what cuts the loop, and what closes it."""

from dataclasses import replace

from harness import catalogue
from harness.conductor import conductor
from harness.model.fault import Setting
from harness.model.lab import Lab
from labs.resilience.defence_in_depth.predictions import SERVED_AFTER, WELL_AFTER_S
from tests.labs.otherwise import SEED, failed
from tests.support import run

LAB = catalogue.find("defence-in-depth").lab
NEVER_ENDS = "and the freeze never ends"


def with_settings(variant: str, **settings: Setting) -> Lab:
    """Give the lab with a variant changed; `__` stands for a dot in a setting's name."""
    sound = LAB.variant(variant)
    more = {name.replace("__", "."): value for name, value in settings.items()}
    changed = replace(sound, settings={**sound.settings, **more})
    others = tuple(one for one in LAB.variants if one is not sound)
    return replace(LAB, variants=(changed, *others))


def seconds_until_well(lab: Lab, variant: str) -> float:
    recording = run(lab, conductor(lab.faults, lab.duration_s), variant=variant, seed=SEED)
    return WELL_AFTER_S.of(recording)


def test_it_is_the_retries_that_keep_it_down() -> None:
    """With none of the four it comes back: retries without a bound are worse than nothing."""
    assert failed(
        LAB, "retries", runs=with_settings("retries", shop__outgoing__retry__tries=1)
    ) >= {
        NEVER_ENDS,
        "every try is used up for good",
    }


def test_it_is_the_freeze_that_takes_it_down() -> None:
    """A day that has errors alone tells nothing of the three."""
    errors, _ = LAB.faults
    quiet = replace(LAB, faults=(errors,))
    recording = run(quiet, conductor(quiet.faults, quiet.duration_s), variant="retries", seed=SEED)
    assert SERVED_AFTER.of(recording) == 1
    assert NEVER_ENDS in failed(LAB, "retries", runs=quiet)


def test_a_breaker_outside_the_retries_opens_later() -> None:
    """It counts orders of three tries, and not calls."""
    outside = with_settings("breaker", shop__outgoing__order="breaker,retry")
    assert seconds_until_well(outside, "breaker") > seconds_until_well(LAB, "breaker")
