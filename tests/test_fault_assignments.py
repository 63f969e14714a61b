"""Faults under the names of `--set`: which one is meant, what changes of it, what is refused."""

from dataclasses import replace

import pytest

from harness import assignments, catalogue, fault_assignments
from harness.catalogue import Entry
from harness.errors import LabError
from harness.model.change import Configure
from harness.model.fault import Timed, during
from harness.model.validate import problems
from harness.sweep import cells
from harness.sweep.asking import own_numbers


def entry(slug: str) -> Entry:
    return catalogue.find(slug)


def only(slug: str, *settings: str) -> Timed:
    """Give the first fault of a lab with settings."""
    return assignments.changed(entry(slug), settings).lab.faults[0]


@pytest.mark.parametrize(
    ("settings", "window"),
    [
        (("fault.for_s=0.5",), (5, 5.5)),
        (("fault.start_s=6",), (6, 9)),
        (("fault.end_s=7",), (5, 7)),
        (("fault.start_s=6", "fault.end_s=7"), (6, 7)),
        (("fault.start_s=6", "fault.for_s=0.5"), (6, 6.5)),
        (("fault.end_s=7", "fault.for_s=0.5"), (6.5, 7)),
    ],
)
def test_a_faults_time_is_set_by_any_two_of_three(
    settings: tuple[str, ...], window: tuple[float, float]
) -> None:
    """A fault that is moved keeps its length; one that has an end ends there."""
    fault = only("retry-storm", *settings)
    assert (fault.start_s, fault.end_s) == window


@pytest.mark.parametrize("place", ["", "payments.", "pause.", "payments.pause.", "1."])
def test_a_fault_is_named_by_what_tells_it_apart(place: str) -> None:
    """By what it hits, its kind, both, its number, or nothing where there is one."""
    assert only("retry-storm", f"fault.{place}for_s=0.5").end_s == 5.5


def test_a_faults_own_values_are_set_and_its_words_are_then_its_own() -> None:
    """A share of half that becomes 70 % is no longer said to be half of them."""
    before = entry("retry-layers").lab.faults[1]
    after = assignments.changed(entry("retry-layers"), ["fault.2.error_ratio=0.7"]).lab.faults[1]
    assert after.fault == Configure("database", error_ratio=0.7)
    assert (before.said, after.said) == ("half of them fail", "database: error_ratio 0.7")
    skewed = assignments.changed(entry("clock-skew"), ["fault.drift_ppm=50"]).lab.faults[0]
    assert "50" in skewed.fault.name


def test_variants_with_faults_of_their_own_have_those_changed() -> None:
    """Each where it fits: a variant that has no such fault stays as it is."""
    lab = entry("retry-budget").lab
    both = fault_assignments.changed(lab, {"fault.for_s": 2})
    paused = fault_assignments.changed(lab, {"fault.pause.for_s": 2})
    ends = {
        one.name: fault_assignments.met(changed, one)[0].end_s
        for changed in (both, paused)
        for one in [changed.variant("all-tries"), changed.variant("flaky")]
    }
    assert fault_assignments.met(both, both.variant("flaky"))[0].end_s == 7
    assert (ends["all-tries"], ends["flaky"]) == (7, lab.variant("flaky").faults[0].end_s)  # type: ignore[index]


@pytest.mark.parametrize(
    ("slug", "settings", "said"),
    [
        ("retry-storm", ["fault.foo_s=1"], r"did you mean fault.for_s.*there are fault.start_s"),
        ("retry-storm", ["fault.paymnts.pause.for_s=1"], "there is no such fault or field"),
        ("retry-storm", ["fault.for_s=long"], "fault.for_s is 'long'; it must be a number"),
        ("retry-storm", ["fault.for_s=0"], "begin at 5 s and end at 5 s; let it end after"),
        ("retry-storm", ["fault.start_s=9", "fault.end_s=6"], "begin at 9 s and end at 6 s"),
        ("retry-storm", ["fault.for_s=100"], "ends at 105 s, after the run, which lasts 25 s"),
        ("retry-storm", ["fault.for_s=1", "fault.pause.for_s=2"], "means the same; leave one out"),
        (
            "retry-storm",
            ["fault.start_s=5", "fault.for_s=1", "fault.end_s=6"],
            "two of them say the third",
        ),
        (
            "retry-layers",
            ["fault.for_s=1"],
            r"2 faults; write fault.1.for_s \(all calls",
        ),
        ("circuit-breaker", ["fault.latency.for_s=1"], "3 faults; write fault.1.for_s"),
        ("circuit-breaker", ["fault.speed=1"], r"and [0-9]+ more"),
        ("retry-layers", ["fault.2.error_ratio=abc"], "error_ratio is 'abc'"),
        ("clock-skew", ["fault.skew_s=fast"], "skew_s is 'fast'; it must be a number"),
        ("split-brain", ["fault.way=forh"], "it may be both, forth, back"),
        ("littles-law", ["fault.for_s=1"], "the lab has no faults of its own"),
    ],
)
def test_what_means_no_fault_or_several_is_refused(
    slug: str, settings: list[str], said: str
) -> None:
    """In one line that lists what there is."""
    with pytest.raises(LabError, match=f"^--set.*{said}") as error:
        assignments.changed(entry(slug), settings)
    assert "\n" not in str(error.value)


def test_a_sweep_refuses_a_variant_that_has_no_such_fault() -> None:
    """The lab has one, but this variant brings others: all its cells would be alike."""
    cells.changed(entry("retry-budget"), "all-tries", ("fault.pause.for_s=2",))
    with pytest.raises(LabError, match="variant flaky brings faults of its own"):
        cells.changed(entry("retry-budget"), "flaky", ("fault.pause.for_s=2",))


def test_every_name_means_the_fault_it_was_made_of() -> None:
    """Setting each value of each lab's faults to what it is changes nothing."""
    count = 0
    for slug in catalogue.slugs():
        lab = entry(slug).lab
        for name, value in fault_assignments.values(lab.faults).items():
            given = {name: value}
            assert _plain(fault_assignments.changed(lab, given).faults) == _plain(lab.faults), name
            count += 1
    assert count > 100


def _plain(faults: tuple[Timed, ...]) -> list[tuple[str, float, float]]:
    return [(one.fault.name, round(one.start_s, 9), round(one.end_s, 9)) for one in faults]


def test_no_host_is_called_fault() -> None:
    """Its settings could not be told from those of a fault."""
    lab = entry("retry-storm").lab
    services = (replace(lab.services[0], name="fault"), *lab.services[1:])
    assert any("'fault' is reserved" in one for one in problems(replace(lab, services=services)))


def test_a_map_knows_the_labs_own_fault() -> None:
    """Under every name by which it may be swept."""
    lab = entry("retry-storm").lab
    numbers = own_numbers(lab, lab.variant("naive"))
    assert numbers["fault.for_s"] == numbers["fault.payments.pause.for_s"] == 3


def test_a_fault_that_is_two_has_no_value_of_its_own_name() -> None:
    """Only names that mean one fault are given."""
    faults = (during(1, 2, Configure("a", x=1)), during(3, 4, Configure("a", x=2)))
    values = fault_assignments.values(faults)
    assert (values["fault.1.x"], values["fault.2.x"]) == (1, 2)
    assert "fault.x" not in values
