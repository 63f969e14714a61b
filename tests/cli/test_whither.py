"""What stands under a run: experiments from the lesson, changes of settings, and the next step."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness import catalogue
from harness.checks.verdict import Control, Kind
from harness.cli import experiments, program, whither
from harness.cli.changes import changes
from harness.lessons import experiments as lesson_experiments
from harness.model.expect import Bound
from harness.result import Result
from tests.cli.workshop import Workshop

LESSON = """# A small lab

## Why

    ./lab run small --set front.tries=9

## Break the fix

    ./lab run small --variant calm --set front.tries=4

Down again.

    ./lab run small --variant naive --set load.rate_rps=5
    ./lab run other --variant naive

## In production

    ./lab run small --variant calm --set front.tries=2
"""
FIRST, SECOND = (
    "./lab run small --variant calm --set front.tries=4",
    "./lab run small --variant naive --set load.rate_rps=5",
)


@pytest.fixture
def taught(shop: Workshop) -> Workshop:
    """Give a checkout with a small lab and its lesson."""
    (shop.write() / "README.md").write_text(LESSON)
    return shop


def test_experiments_are_those_of_the_lesson(taught: Workshop) -> None:
    """The commands about this lab under *Break the fix*, and no others."""
    del taught
    assert lesson_experiments.experiments(catalogue.find("small")) == [FIRST, SECOND]


def test_the_next_experiment_is_one_that_was_not_tried(taught: Workshop) -> None:
    """However its options were ordered; after the last one, the first comes again."""
    del taught
    entry = catalogue.find("small")
    assert experiments.next_experiment(entry, []) == FIRST
    turned = "./lab run small --set front.tries=4 --variant calm --seed 1"
    assert experiments.next_experiment(entry, [turned]) == SECOND
    assert experiments.next_experiment(entry, [turned, SECOND]) == FIRST


def test_a_lab_without_a_lesson_has_none(shop: Workshop) -> None:
    """Nothing is offered then, and nothing fails."""
    shop.write()
    entry = catalogue.find("small")
    assert lesson_experiments.experiments(entry) == []
    assert experiments.next_experiment(entry, []) == ""


def test_a_run_offers_the_experiment_that_comes_next(taught: Workshop) -> None:
    """What was run with settings of one's own is remembered, and not offered again."""
    command = ("run", "small", "--engine", "sim", "--no-report")
    assert f"break it  {FIRST}" in taught.run(*command).out
    tried = taught.run(*command, "--variant", "calm", "--set", "front.tries=4")
    assert f"break it  {SECOND}" in tried.out
    assert "the whole ./lab run small   (as the lab has it)" in tried.out
    assert f"break it  {SECOND}" in taught.run(*command).out


def test_a_long_command_stands_alone_in_its_line() -> None:
    """So that it can be copied whole."""
    steps = [("trace", "./lab show-trace small"), ("break it", FIRST)]
    assert list(whither.lines(steps, 40)) == [
        "trace     ./lab show-trace small",
        "break it",
        f"  {FIRST}",
    ]


@pytest.mark.parametrize(
    ("kind", "settings", "step"),
    [
        (Kind.TIMING, (), "close other programs, or wait, and run the same command again"),
        (Kind.READ_BACK, (), "run the same command again; ./lab doctor looks at the engine"),
        (Kind.BASELINE, (), "see what requests met: ./lab show-trace small"),
        (Kind.BASELINE, ("front.tries=9",), "choose other settings, as listed by ./lab show small"),
    ],
)
def test_a_run_that_shows_nothing_says_what_can_be_done(
    taught: Workshop, kind: Kind, settings: tuple[str, ...], step: str
) -> None:
    """First of all, and without sending on to the next lab."""
    del taught
    entry = catalogue.find("small")
    slipped = Control(
        kind=kind,
        claim="x",
        variant="calm",
        engine="compose",
        measure="x",
        unit="ms",
        value=99,
        bound=Bound(at_most=50),
    )
    result = Result(slug="small", lab=entry.lab, seed=1, controls=[slipped])
    steps = list(whither.steps(entry, result, whither.Asked((), settings, 1), Path("none"), ()))
    what, said = steps[0]
    assert what == "do this"
    assert said.startswith(step)
    assert "next lab" not in dict(steps)


def test_a_change_is_told_with_the_labs_own_value(taught: Workshop) -> None:
    """A variant's, the service's in the lab, the service's own, or the load's."""
    del taught
    lab = catalogue.find("small").lab
    given = ["front.tries=2", "front.timeout_ms=9", "front.retry_budget=1", "load.rate_rps=5"]
    assert list(changes(lab, ["naive", "calm"], given)) == [
        "front.tries is 2 (in the lab: 4, 1)",
        "front.timeout_ms is 9 (in the lab: 100)",
        "front.retry_budget is 1 (in the lab: 0)",
        "load.rate_rps is 5 (in the lab: 20)",
    ]
    assert list(changes(lab, ["calm"], ["front.tries=3", "front.tries=2"])) == [
        "front.tries is 2 (in the lab: 1)"
    ]
    unlike = replace(lab.services[1], replicas=2, settings={}, each={"workers": (1, 2)})
    other = replace(lab, services=(lab.services[0], unlike))
    assert list(changes(other, ["calm"], ["back.workers=7"])) == [
        "back.workers is 7 (in the lab: 1 2)"
    ]


def test_what_is_proposed_is_about_the_same_folder_of_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--labs` is added to the commands that take it, before what is said of them."""
    monkeypatch.setattr(program, "_more", ["--labs", "my labs"])
    start = program.name()
    assert program.proposed("./lab run small") == f"{start} run small --labs 'my labs'"
    told = program.proposed("./lab run small --engine sim   (virtual time: never late)")
    assert told == f"{start} run small --engine sim --labs 'my labs'   (virtual time: never late)"
    assert program.proposed("again; ./lab doctor looks") == f"again; {start} doctor looks"
    assert program.proposed("close other programs") == "close other programs"


def test_a_lab_without_a_lesson_sends_nobody_there(shop: Workshop) -> None:
    """After a run, and where a lab is shown."""
    shop.write()
    entry = catalogue.find("small")
    result = Result(slug="small", lab=entry.lab, seed=1)
    steps = dict(whither.steps(entry, result, whither.Asked((), (), 1), Path("none"), ()))
    assert "why" not in steps
    assert "README" not in shop.run("show", "small").out
