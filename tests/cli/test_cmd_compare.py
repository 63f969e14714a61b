"""`./lab compare`: the table of what was simulated and what was measured, and how it ends."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.cli import cmd_run
from harness.engines.protocol import Conductor, Observer, Plan
from harness.engines.sim.engine import SimEngine
from harness.model.numbers import MINUS
from harness.recording import Recording
from tests.cli.workshop import Workshop

Spoil = Callable[[Recording], None]


def half(recording: Recording) -> None:
    """Let every other request before the fault fail."""
    recording.requests = [
        one._replace(status="504") if one.intended_s < 1 and one.number % 2 else one
        for one in recording.requests
    ]


@pytest.fixture
def spoils(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> dict[str, Spoil]:
    """Measure in the simulator; what happens to a variant's recording is put in by its name."""
    shop.write()
    spoils: dict[str, Spoil] = {}

    class Measured(SimEngine):
        name = "compose"
        real_time = True

        def __init__(self, _: Path, *, keep_prometheus: bool) -> None:
            assert not keep_prometheus
            super().__init__()

        def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
            recording = replace(super().run(plan, conduct, observer), engine=self.name)
            if spoil := spoils.get(plan.variant.name):
                spoil(recording)
            return recording

    monkeypatch.setattr(cmd_run, "ComposeEngine", Measured)
    monkeypatch.setattr(cmd_run, "why_not", lambda: None)
    return spoils


def run(shop: Workshop, *arguments: str, engine: str = "both") -> None:
    before = shop.kept()
    shop.run("run", "small", "--engine", engine, "--no-report", *arguments)
    assert len(shop.kept()) == len(before) + 1


def edit(shop: Workshop, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what the only run has kept."""
    (path,) = shop.runs.glob("small/*/run.json")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.usefixtures("spoils")
def test_figures_that_agree(shop: Workshop) -> None:
    """Each variant has its verdicts and its figures, simulated and measured, with the callee."""
    run(shop)
    outcome = shop.run("compare")
    assert (outcome.code, outcome.err) == (0, "")
    rows = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert rows[2:7] == [
        "verdict before during after calls",
        "small",
        "naive ✓ / ✓ 19.0 / 19.0 0.00 / 0.00 0.00 / 0.00 3.42 / 3.42",
        "0 % 0 % 0 % 0 %",
        "back",
    ]
    assert rows[7].startswith("calm ✓ / ✓ 19.0 / 19.0 ")
    assert outcome.out.endswith("\n\nPASS  2 of 2 variants agree\n")
    assert all(len(line) <= 80 for line in outcome.out.splitlines())


def test_a_figure_that_differs(shop: Workshop, spoils: dict[str, Spoil]) -> None:
    """It is marked with its difference, told with what is allowed, and ends in exit code 1."""
    spoils["calm"] = half
    run(shop)
    outcome = shop.run("compare", "small")
    assert outcome.code == 1
    assert outcome.out.count("✗") == 1
    assert f"{MINUS}47.4 % ✗" in outcome.out
    line = "small, calm: goodput before the fault: 19.0/s simulated, 10.0/s measured, "
    assert f"\n{line}8.72/s off is allowed\n" in outcome.out
    assert "small, naive:" not in outcome.out
    assert outcome.out.endswith("\nFAIL  1 of 2 variants agree\n")


@pytest.mark.usefixtures("spoils")
def test_a_verdict_that_differs(shop: Workshop) -> None:
    """What holds in the simulation and not on containers is no agreement; in both, it is one."""

    def fail(document: dict[str, Any], *engines: str) -> None:
        for control in document["controls"]:
            if control["claim"] == "recovers" and control["engine"] in engines:
                control["value"] = "inf"

    run(shop)
    edit(shop, lambda document: fail(document, "compose"))
    outcome = shop.run("compare")
    assert outcome.code == 1
    assert "small, calm: PASS simulated, FAIL measured\n" in outcome.out
    edit(shop, lambda document: fail(document, "sim"))
    outcome = shop.run("compare")
    assert outcome.code == 0
    assert "calm   ✗ / ✗" in outcome.out


@pytest.mark.usefixtures("spoils")
def test_a_failure_without_the_fault_is_no_difference(shop: Workshop) -> None:
    """It is looked for on one engine only, so there is nothing to hold it against."""

    def fail(document: dict[str, Any]) -> None:
        (control,) = [one for one in document["controls"] if one["kind"] == "no fault, no failure"]
        control["value"] = 0

    run(shop)
    edit(shop, fail)
    outcome = shop.run("compare")
    assert outcome.code == 0
    assert "naive  ✓ / ✓" in outcome.out


@pytest.mark.usefixtures("spoils")
def test_labs_without_such_a_run_are_told_with_the_command(shop: Workshop) -> None:
    """One that is asked for by name must have a run; else the rest is compared, and says so."""
    run(shop)
    shop.write(slug="other")
    line = "other has no run on both engines; ./lab run other --engine both makes one\n"
    left = "1 of 2 labs are not compared"
    every = shop.run("compare")
    assert every.code == 0
    assert every.out.endswith(f"\n{line}PASS of a part  2 of 2 variants agree; {left}\n")
    named = shop.run("compare", "small", "other")
    assert named.code == 2
    assert named.out.endswith(f"\n{line}INCONCLUSIVE of a part  2 of 2 variants agree; {left}\n")
    alone = shop.run("compare", "other")
    nothing = f"{line}INCONCLUSIVE  nothing to compare\n"
    assert (alone.code, alone.out) == (2, nothing)
    assert line not in shop.run("compare", "small").out


def test_the_last_run_on_both_engines_counts(shop: Workshop, spoils: dict[str, Spoil]) -> None:
    """One on one engine does not hide it, nor one of a lab that was changed."""
    spoils["naive"] = half
    run(shop)
    assert shop.run("compare").code == 1
    spoils.clear()
    run(shop)
    spoils["calm"] = half
    run(shop, "--set", "front.timeout_ms=90")
    run(shop, engine="sim")
    run(shop, engine="compose")
    outcome = shop.run("compare")
    assert (outcome.code, outcome.err) == (0, "")
    assert "✗" not in outcome.out


@pytest.mark.usefixtures("spoils")
def test_a_run_of_one_variant_has_one_row(shop: Workshop) -> None:
    """What was not run is not in the table."""
    run(shop, "--variant", "calm")
    outcome = shop.run("compare")
    assert outcome.code == 0
    assert "naive" not in outcome.out
    assert outcome.out.endswith("\nPASS  1 of 1 variants agree\n")


def test_markdown_is_the_table_alone(shop: Workshop, spoils: dict[str, Spoil]) -> None:
    """What is too far off is bold; everything else goes to standard error."""
    spoils["calm"] = half
    run(shop)
    outcome = shop.run("compare", "--markdown")
    assert outcome.code == 1
    head, rule, naive, calm = outcome.out.splitlines()
    assert head.startswith("| lab | variant | verdict | goodput before, /s |")
    assert head.count("|") == rule.count("|") == naive.count("|") == calm.count("|")
    assert naive == (
        "| small | naive | PASS / PASS | 19.0 / 19.0 (0 %) | 0.00 / 0.00 (0 %) "
        "| 0.00 / 0.00 (0 %) | 3.42 / 3.42 (0 % back) |"
    )
    assert f"| **19.0 / 10.0 ({MINUS}47.4 %)** |" in calm
    assert outcome.err.endswith("FAIL  1 of 2 variants agree\n")
    (shop.runs / shop.kept()[0] / "run.json").unlink()
    nothing = shop.run("compare", "--markdown")
    assert (nothing.code, nothing.out) == (2, "")


@pytest.mark.usefixtures("spoils")
@pytest.mark.parametrize(
    "damage", ["", "[]", "{}", '{"notes": [], "controls": [{"kind": "as simulated"}]}']
)
def test_a_damaged_run_is_told(shop: Workshop, damage: str) -> None:
    """A file that was cut short or edited by hand is no bug of ours."""
    run(shop)
    (path,) = shop.runs.glob("small/*/run.json")
    path.write_text(damage)
    outcome = shop.run("compare")
    assert (outcome.code, outcome.out) == (2, "")
    told = f"{path.parent.name}/run.json cannot be read; ./lab run small makes a new one"
    assert outcome.complaint == told


@pytest.mark.usefixtures("spoils")
@pytest.mark.parametrize("columns", ["1", "20", "40", "300"])
def test_any_width_of_terminal_will_do(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    """A narrow terminal cuts and wraps; nothing fails, and the verdict is there."""
    run(shop)
    monkeypatch.setenv("COLUMNS", columns)
    outcome = shop.run("compare")
    assert (outcome.code, outcome.err) == (0, "")
    assert "PASS" in outcome.out.replace("\n", "")
