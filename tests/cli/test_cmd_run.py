"""`./lab run`: what it prints, what it keeps, and how it ends."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.cli import cmd_run
from harness.engines.sim.engine import SimEngine
from tests.cli.workshop import NO_ENGINE, ROOT, Outcome, Workshop

CONTROL = {
    *("kind", "claim", "variant", "engine", "measure", "unit"),
    *("value", "missing", "bound", "margin", "verdict"),
}


def simulated(shop: Workshop, *arguments: str) -> Outcome:
    """Run the small lab on the simulator."""
    return shop.run("run", "small", "--engine", "sim", "--no-report", *arguments)


def document(shop: Workshop, *arguments: str) -> dict[str, Any]:
    """Run the small lab and give what `--json` says; there is nothing else to read."""
    outcome = simulated(shop, "--json", *arguments)
    found: dict[str, Any] = json.loads(outcome.out)
    return found


def digests(found: dict[str, Any]) -> dict[str, str]:
    return {one["variant"]: one["digest"] for one in found["recordings"]}


def test_a_run_tells_its_question_its_table_and_what_is_next(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader learns the question, the answer, every claim, the verdict, and where to go on."""
    shop.write()
    monkeypatch.chdir(shop.root)
    outcome = simulated(shop)
    assert (outcome.code, outcome.err) == (0, "")
    for words in (
        "A small lab\nDoes it hold?\n",
        "Simulated, good answers each second (higher is better):\n",
        "  naive            ",
        "  naive, no fault  ",
        "  calm             ",
        "\nnaive stays down. calm recovers.\n",
        "\nMust break ",
        "✓ naive stays down ",
        "\nMust hold\n",
        "✓ calm recovers ",
        "\nSet up as planned, 5 of 5: healthy start, faults on and off, well without fault,",
        "\nPASS  2 of 2 claims hold: naive breaks, calm holds ",
        "\ntrace     ./lab show-trace small\n",
        "\nnext lab  ",
    ):
        assert words in outcome.out
    assert all(len(line) <= 80 for line in outcome.out.splitlines())


def test_a_run_is_kept_with_its_recordings(shop: Workshop) -> None:
    """`run.json` and a folder for each recording lie under the lab's name, and no report."""
    shop.write()
    simulated(shop)
    (run,) = (shop.runs / "small").iterdir()
    assert {path.name for path in run.iterdir()} == {"run.json", "sim-naive", "sim-calm"}
    assert json.loads((run / "run.json").read_text())["verdict"] == "PASS"
    assert {path.name for path in (run / "sim-calm").iterdir()} == {
        *("recording.json", "requests.jsonl", "spans.jsonl"),
    }


def test_json_is_one_document_and_the_same_as_what_is_kept(shop: Workshop) -> None:
    """Standard output is one JSON document; people's lines go to standard error."""
    shop.write()
    outcome = simulated(shop, "--json", "--seed", "7")
    found = json.loads(outcome.out)
    assert (found["lab"], found["seed"], found["verdict"]) == ("small", 7, "PASS")
    assert found["question"] == "Does it hold?"
    assert {frozenset(control) for control in found["controls"]} == {frozenset(CONTROL)}
    assert {control["verdict"] for control in found["controls"]} == {"PASS"}
    assert len(found["controls"]) == 7
    assert {len(digest) for digest in digests(found).values()} == {64}
    assert found["versions"]["aiohttp"]
    assert "PASS  2 of 2" in outcome.err
    (run,) = (shop.runs / "small").iterdir()
    assert json.loads((run / "run.json").read_text()) == found
    for variant, digest in digests(found).items():
        kept = json.loads((run / f"sim-{variant}" / "recording.json").read_text())
        assert kept["digest"] == digest


def test_json_has_no_number_that_json_does_not_have(shop: Workshop) -> None:
    """A time without end and an unknown value are words and null, so that any reader can read."""
    shop.write()
    outcome = simulated(shop, "--json", "--set", "front.timeout_ms=1")
    assert outcome.code == 2
    found = json.loads(outcome.out, parse_constant=pytest.fail)
    values = {control["claim"]: control["value"] for control in found["controls"]}
    assert values["recovers"] == "inf"


def test_the_same_seed_gives_the_same_run(shop: Workshop) -> None:
    """Digests agree for a seed and lab, and a changed setting shows in them."""
    shop.write()
    first = digests(document(shop))
    assert digests(document(shop)) == first
    assert digests(document(shop, "--set", "load.rate_rps=21")) != first


def test_a_variant_alone(shop: Workshop) -> None:
    """Only what is named is run, once, in the lab's order; broken ones also without the fault."""
    shop.write()
    assert list(digests(document(shop, "--variant", "calm"))) == ["calm"]
    both = ("--variant", "calm", "--variant", "naive", "--variant", "calm")
    assert list(digests(document(shop, *both))) == ["naive", "calm"]
    alone = document(shop, "--variant", "calm")
    assert "no fault, no failure" not in {c["kind"] for c in alone["controls"]}
    assert alone["left_out"] == ["naive"]


def test_a_part_says_that_it_is_one(shop: Workshop) -> None:
    """Which variants are left out, and each claim that could not be proven without them."""
    shop.write()
    assert document(shop)["unproven"] == document(shop)["left_out"] == []
    calm = simulated(shop, "--variant", "calm")
    assert calm.code == 0
    said = " ".join(calm.out.split())
    assert "PASS of a part: 1 of 1 claims about calm hold." in said
    assert "Not shown, because naive did not run: that naive breaks." in said
    assert "So this does not prove that calm helped." in said
    assert "the whole ./lab run small" in said
    naive = document(shop, "--variant", "naive")
    assert naive["unproven"] == ["recovers: calm did not run"]


def test_what_the_table_folds_is_shown_on_demand(shop: Workshop) -> None:
    """The checks of the experiment are one line, and with `--verbose` a row each."""
    shop.write()
    brief, whole = simulated(shop), simulated(shop, "--verbose")
    assert "is healthy before the fault" not in brief.out
    assert "(all: --verbose)" in brief.out
    for words in (
        "✓ naive, calm are healthy before the fault",
        "✓ naive is well without the fault",
        "✓ naive does not satisfy 'recovers'",
        "✓ naive without its fault does not satisfy 'stays down'",
    ):
        assert words in " ".join(whole.out.split())
    assert "(all: --verbose)" not in whole.out


def test_a_claim_that_is_true_of_all_fails(shop: Workshop) -> None:
    """A claim that is true where it must be false has a row, and makes the run fail."""
    shop.change(
        ("measure=recovery_s(), at_most=2)", "measure=success_ratio(0, 1), at_least=0)"),
        slug="empty",
    )
    outcome = shop.run("run", "empty", "--engine", "sim", "--no-report")
    assert outcome.code == 1
    said = " ".join(outcome.out.split())
    assert "Does not hold seen expected missed by ✗ naive does not satisfy 'recovers'" in said
    assert "FAIL 2 of 2 claims hold: a claim is true where it must be false" in said


def test_a_failed_expectation_ends_with_1(shop: Workshop) -> None:
    """Without its fix a variant does not hold, and the exit code says so."""
    shop.write()
    outcome = simulated(shop, "--variant", "calm", "--set", "front.tries=4")
    assert outcome.code == 1
    assert "\nChanged for this run: front.tries is 4 (in the lab: 1).\n" in outcome.out
    assert "\nDoes not hold " in outcome.out
    assert "✗ calm recovers" in outcome.out
    assert "\nFAIL of a part: 0 of 1 claims about calm hold. " in outcome.out
    assert "This run had settings or a script of your own" in outcome.out
    assert "next lab" not in outcome.out


def test_a_retry_budget_of_a_half_does_not_mend_the_storm(shop: Workshop) -> None:
    """The real lab fails under a budget that lets half as many retries through as requests."""
    shutil.copytree(ROOT / "labs/cascades/retry_storm", shop.root / "labs/cascades/retry_storm")
    outcome = shop.run(
        *("run", "retry-storm", "--engine", "sim", "--no-report"),
        *("--variant", "budget", "--set", "checkout.retry_budget=0.5"),
    )
    assert outcome.code == 1


def test_an_unhealthy_start_proves_nothing(shop: Workshop) -> None:
    """A system that is down before its fault is neither a pass nor a failure."""
    shop.write()
    outcome = simulated(shop, "--set", "front.timeout_ms=1")
    assert outcome.code == 2
    assert "INCONCLUSIVE" in outcome.out
    assert "No answer this time: the system was not healthy before the fault." in outcome.out
    assert "? naive, calm are healthy before the fault" in outcome.out
    assert "stays down" not in outcome.out
    assert "\ndo this   choose other settings" in outcome.out


def test_settings_reach_every_variant_and_the_load(shop: Workshop) -> None:
    """`--set` overrides what the variants say; later ones win."""
    shop.write()
    rates = ("--set", "load.rate_rps=5", "--set", "load.rate_rps=10")
    found = document(shop, *rates, "--set", "front.tries=1")
    assert {one["requests"] for one in found["recordings"]} == {49}
    assert found["notes"] == [
        "not the lab as it is: --set load.rate_rps=5 --set load.rate_rps=10 --set front.tries=1"
    ]
    assert found["verdict"] == "FAIL"
    assert found["options"] == [*rates, "--set", "front.tries=1"]


def test_whatever_decides_a_run_is_kept_as_options_that_repeat_it(shop: Workshop) -> None:
    """An order of what is simultaneous, and a script without what the script itself says."""
    shop.write()
    assert document(shop, "--permute", "7")["options"] == ["--permute", "7"]
    script = shop.root / "own script.json"
    script.write_text(
        '{"lab": "small", "permute": 7, "settings": {"front.tries": 1}, "script": []}'
    )
    told = ("--script", str(script))
    assert document(shop, *told)["options"] == list(told)
    more = (*told, "--set", "front.tries=2", "--permute", "8")
    assert document(shop, *more)["options"] == list(more)


def test_without_an_engine_the_run_says_what_is_missing(shop: Workshop) -> None:
    """By default a run is simulated anyway, and one line tells why nothing was measured."""
    shop.write()
    outcome = shop.run("run", "small", "--no-report", "--variant", "calm")
    assert outcome.code == 0
    text = " ".join(outcome.out.split())
    assert f"not measured on containers: no Docker engine answers at {NO_ENGINE}" in text


@pytest.mark.parametrize("engine", ["compose", "both"])
def test_an_engine_that_is_asked_for_must_be_there(shop: Workshop, engine: str) -> None:
    """Asked to measure without an engine, the command ends before anything is simulated."""
    shop.write()
    outcome = shop.run("run", "small", "--engine", engine)
    assert (outcome.code, outcome.out) == (2, "")
    wanted = f"no Docker engine answers at {NO_ENGINE} (DOCKER_HOST): start Docker"
    assert outcome.complaint.startswith(wanted)
    assert shop.kept() == []


def test_a_missing_image_is_told_with_the_command_that_makes_it(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the look at the engine finds wrong is passed on."""
    missing = "no image of load: run ./lab images build"
    monkeypatch.setattr(cmd_run, "why_not", lambda: missing)
    shop.write()
    outcome = shop.run("run", "small", "--engine", "compose")
    assert (outcome.code, outcome.complaint) == (2, missing)
    assert missing in shop.run("run", "small", "--no-report", "--variant", "calm").out


@pytest.mark.parametrize("arguments", [(), ("--keep-prometheus",)])
def test_prometheus_data_is_kept_on_demand(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """The engine of containers is told whether to; what it keeps is its own matter."""
    asked: list[bool] = []

    def made(_: Path, *, keep_prometheus: bool) -> SimEngine:
        asked.append(keep_prometheus)
        return SimEngine()

    monkeypatch.setattr(cmd_run, "ComposeEngine", made)
    monkeypatch.setattr(cmd_run, "why_not", lambda: None)
    shop.write()
    command = ("run", "small", "--engine", "compose", "--no-report", "--variant", "calm")
    assert shop.run(*command, *arguments).code == 0
    assert asked == [bool(arguments)]


@pytest.mark.parametrize("columns", ["1", "20", "40", "200"])
def test_any_width_of_terminal_will_do(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    """A narrow terminal cuts and wraps; nothing fails, and the verdict is there."""
    monkeypatch.setenv("COLUMNS", columns)
    shop.write()
    outcome = simulated(shop, "--variant", "calm")
    assert (outcome.code, outcome.err) == (0, "")
    assert "PASS" in outcome.out.replace("\n", "")


def test_colours_are_for_terminals_that_want_them(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe gets plain text; a terminal gets colours, unless NO_COLOR is set."""
    shop.write()
    assert "\x1b" not in simulated(shop, "--variant", "calm").out
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m" in simulated(shop, "--variant", "calm").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in simulated(shop, "--variant", "calm").out


def test_a_run_of_a_relative_folder_is_told_from_the_checkout(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The command works from any folder, and keeps runs in the checkout."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    shop.write()
    assert simulated(shop, "--variant", "calm").code == 0
    assert len(shop.kept()) == 1
    assert list(elsewhere.iterdir()) == []
