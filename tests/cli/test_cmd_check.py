"""`./lab check`: what a CI job reads."""

import json
import os
import re
import signal
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from harness import check_results
from harness.cli import check_files, check_progress, checking, cmd_check
from harness.engines.protocol import Conductor, Observer, Plan
from harness.engines.sim.engine import SimEngine
from harness.errors import EnvironmentNotReadyError
from harness.recording import Recording
from tests.cli.workshop import SMALL, Workshop, finished, started

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
FAILING = ("at_most=2)", "at_most=0.5)")
TWO_BASELINES = (
    '        on("naive"',
    '        baseline(success_ratio(0, 0.5), at_least=0.99),\n        on("naive"',
)


def test_a_lab_that_holds_is_one_line(shop: Workshop) -> None:
    """All labs are checked when none is named; nothing is kept under runs/."""
    shop.write()
    outcome = shop.run("check")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "✓ PASS         small, seed 1: 7 controls\n1 passed, 0 failed\n"
    assert shop.kept() == []


def test_named_labs_are_checked_in_their_order(shop: Workshop) -> None:
    """Only those that are named are run, in the order in which they are named."""
    for slug in ("small", "other", "third"):
        shop.write(slug=slug)
    outcome = shop.run("check", "third", "small", "--jobs", "1")
    assert [line.split()[2] for line in outcome.out.splitlines()[:2]] == ["third,", "small,"]
    assert outcome.out.endswith("2 passed, 0 failed\n")


def test_a_lab_that_is_named_twice_is_checked_once(shop: Workshop) -> None:
    """A name is a name."""
    shop.write()
    assert shop.run("check", "small", "small").out.endswith("1 passed, 0 failed\n")


def test_a_lab_that_fails_says_what_and_how_to_see_it_again(shop: Workshop) -> None:
    """The control, its value, its bound, and the command that runs the same again."""
    shop.change(FAILING)
    outcome = shop.run("check")
    assert outcome.code == 1
    text = " ".join(outcome.out.split())
    assert "✗ FAIL small, seed 1: 7 controls" in text
    said = "calm, the fix holds: recovers; time to recover is 1.00 s, must be ≤ 0.5 s"
    assert said in text
    assert "replay: ./lab run small --engine sim --seed 1" in text
    assert text.endswith("0 passed, 1 failed")


def test_the_replay_command_shows_the_same_failure(shop: Workshop) -> None:
    """What `check` proposes to type ends as the check did."""
    shop.change(FAILING)
    line = next(line for line in shop.run("check").out.splitlines() if "replay: " in line)
    typed = line.partition("replay: ./lab ")[2].split()
    assert shop.run(*typed, "--no-report").code == 1


WRONG = ("LAB =", "BAL =")
SICK = ('"timeout_ms": 100', '"timeout_ms": 1')


@pytest.mark.parametrize(("broken", "last"), [(WRONG, "could not be checked"), (SICK, "inconcl")])
def test_a_failure_is_not_hidden_by_what_proves_nothing(
    shop: Workshop, broken: tuple[str, str], last: str
) -> None:
    """One lab that fails makes the exit code 1, whatever is wrong with another."""
    shop.change(FAILING, slug="failing")
    shop.change(broken, slug="broken")
    outcome = shop.run("check", "--jobs", "1")
    assert outcome.code == 1
    assert "? INCONCLUSIVE broken, seed 1" in outcome.out
    assert f"0 passed, 1 failed, 1 {last}" in outcome.out


def test_an_unhealthy_start_is_neither_passed_nor_failed(shop: Workshop) -> None:
    """Beside a lab that holds, it makes the exit code 2, and the count calls it by its name."""
    shop.write()
    shop.change(SICK, slug="sick")
    outcome = shop.run("check", "--jobs", "1")
    assert outcome.code == 2
    assert outcome.out.endswith("1 passed, 0 failed, 1 inconclusive\n")


def test_seeds_are_told_apart(shop: Workshop) -> None:
    """With several seeds only failures have lines of their own, and each lab has its count."""
    shop.write()
    shop.change(FAILING, slug="failing")
    outcome = shop.run("check", "--seeds", "2", "--jobs", "1")
    assert outcome.code == 1
    assert "PASS" not in outcome.out
    assert "--seed 1\n" in outcome.out
    assert "--seed 2\n" in outcome.out
    assert "\nfailing: 0 of 2 seeds pass\nsmall: 2 of 2 seeds pass\n" in outcome.out
    assert outcome.out.endswith("2 passed, 2 failed\n")


def test_the_spread_of_every_value_is_told(shop: Workshop) -> None:
    """A row for each value and bound: median, sigma, distance, and in how many runs it passed."""
    shop.change(FAILING, slug="failing")
    outcome = shop.run("check", "--seeds", "3", "--jobs", "1", "--spread")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in outcome.out.splitlines()
        if line.startswith("|")
    ]
    head, rule, *values = rows
    assert head == ["variant", "value", "wanted", "median", "sigma", "distance", "passed"]
    assert {len(row) for row in rows} == {len(head)}
    assert set("".join(rule)) <= set("-:")
    assert [row for row in values if row[-1] == "0 of 3"]
    assert [row for row in values if row[-1] == "3 of 3"]
    assert {row[-2] for row in values if row[-1] == "3 of 3"} == {"does not vary"}
    assert {row[-2] for row in values if row[-1] == "0 of 3"} == {"outside"}
    warnings = [line for line in outcome.out.splitlines() if line.startswith("warning: ")]
    assert warnings
    assert "calm, recovers (time to recover): the median is outside" in warnings[0]


def test_the_number_of_processes_changes_nothing(shop: Workshop) -> None:
    """One process and two give the same lines and the same values."""
    shop.write(SMALL.replace("Paced(", "Poisson(").replace("Paced,", "Poisson,"))
    files = [shop.root / "1.xml", shop.root / "2.xml"]
    outcomes = [
        finished(started(shop, "check", "--seeds", "2", "--jobs", jobs, "--junit", str(file)))
        for jobs, file in zip("12", files, strict=True)
    ]
    assert outcomes[0] == outcomes[1]
    assert "small: " in outcomes[0].out
    assert _values(files[0]) == _values(files[1])


def _values(file: Path) -> list[str]:
    root = ET.parse(file).getroot()  # noqa: S314 - we wrote it
    for suite in root:
        for timed in suite.iter():
            timed.attrib.pop("time", None)
            timed.attrib.pop("timestamp", None)
    return [ET.tostring(suite, "unicode") for suite in root]


def test_junit_tells_every_control(shop: Workshop) -> None:
    """A suite for each lab and seed, a case for each control, and the counts of both."""
    shop.change(FAILING)
    file = shop.root / "junit.xml"
    assert shop.run("check", "--seeds", "2", "--jobs", "1", "--junit", str(file)).code == 1
    suites = list(ET.parse(file).getroot())  # noqa: S314 - we wrote it
    assert [suite.get("name") for suite in suites] == ["small[seed 1]", "small[seed 2]"]
    for suite in suites:
        assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("7", "1", "0")
        assert len(suite) == 7
        assert len(suite.findall("testcase/failure")) == 1


def test_junit_says_what_json_says(shop: Workshop) -> None:
    """A check and a run under one seed have the same claims, values and verdicts."""
    shop.change(FAILING, TWO_BASELINES)
    file = shop.root / "junit.xml"
    shop.run("check", "--jobs", "1", "--junit", str(file))
    found = json.loads(shop.run("run", "small", "--engine", "sim", "--no-report", "--json").out)[
        "controls"
    ]
    cases = list(ET.parse(file).iter("testcase"))  # noqa: S314 - we wrote it
    assert len({case.get("name") for case in cases}) == len(cases) == len(found)
    for case, one in zip(cases, found, strict=True):
        name = f"{one['variant']}, {one['kind']}: {one['claim']} ({one['measure']})"
        assert case.get("name") == name
        assert (case.find("failure") is not None) == (one["verdict"] == "FAIL")
        line = str(case[0].get("message") or case[0].text)
        assert f" is {float(one['value']):g}" in line
    failure = next(case.find("failure") for case in cases if len(case.findall("failure")))
    assert failure is not None
    assert str(failure.text).endswith("replay: ./lab run small --engine sim --seed 1")


def test_the_junit_file_is_whole_after_each_result(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It grows as results come, so that a check that is killed leaves what it had."""
    for slug in ("one", "two", "three"):
        shop.write(slug=slug)
    file = shop.root / "junit.xml"
    seen: list[int] = []
    check = checking.check

    def looking(*arguments: Any) -> check_results.Checked:
        if file.exists():
            seen.append(len(ET.parse(file).getroot()))  # noqa: S314 - we wrote it
        return check(*arguments)

    monkeypatch.setattr(check_files, "WRITTEN_EVERY_S", 0)
    monkeypatch.setattr(checking, "check", looking)
    shop.run("check", "one", "two", "three", "--jobs", "1", "--junit", str(file))
    assert seen == [1, 2]
    assert len(ET.parse(file).getroot()) == 3  # noqa: S314 - we wrote it


def test_ctrl_c_keeps_what_was_checked(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results that came just before are in the file too, however seldom it is written."""
    for slug in ("one", "two", "three"):
        shop.write(slug=slug)
    file = shop.root / "junit.xml"
    check = checking.check

    def interrupted(slug: str, *arguments: Any) -> check_results.Checked:
        if slug == "three":
            raise KeyboardInterrupt
        return check(slug, *arguments)

    monkeypatch.setattr(checking, "check", interrupted)
    code = shop.run("check", "one", "two", "three", "--jobs", "1", "--junit", str(file)).code
    assert code == 130
    suites = list(ET.parse(file).getroot())  # noqa: S314 - we wrote it
    assert [suite.get("name") for suite in suites] == ["one[seed 1]", "two[seed 1]"]


def test_a_junit_file_without_a_folder_is_refused_first(shop: Workshop) -> None:
    """The check does not run for minutes only to find that it cannot write."""
    shop.write()
    outcome = shop.run("check", "--junit", str(shop.root / "nowhere" / "junit.xml"))
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint.endswith("there is no such folder; make it first")


def test_a_junit_file_that_is_a_folder(shop: Workshop) -> None:
    """A folder is no file."""
    shop.write()
    outcome = shop.run("check", "--junit", str(shop.root))
    assert (outcome.code, outcome.out) == (2, "")
    assert "is a directory" in outcome.complaint


def test_a_junit_file_on_a_full_disk(shop: Workshop) -> None:
    """The check's lines are there; the file that could not be written is named."""
    shop.write()
    outcome = shop.run("check", "--junit", "/dev/full")
    assert outcome.code == 2
    assert outcome.complaint == "/dev/full: No space left on device; the checks have run, see above"
    assert "1 passed" in outcome.out


def test_a_file_that_cannot_be_written_hides_no_failure(shop: Workshop) -> None:
    """It is told; the exit code is that of the lab."""
    shop.change(FAILING)
    for option in ("--junit", "--markdown"):
        outcome = shop.run("check", option, "/dev/full")
        assert outcome.code == 1
        assert outcome.complaint.startswith("/dev/full: No space left on device")


@pytest.mark.parametrize("arguments", [(), ("small",)])
def test_without_an_engine_nothing_is_measured(shop: Workshop, arguments: tuple[str, ...]) -> None:
    """A check on containers ends at once where no engine answers."""
    shop.write()
    outcome = shop.run("check", *arguments, "--engine", "compose")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint.startswith("no Docker engine answers")
    assert shop.kept() == []


def test_no_labs_at_all(shop: Workshop) -> None:
    """A check of nothing proves nothing."""
    outcome = shop.run("check")
    assert (outcome.code, outcome.out) == (2, "0 passed, 0 failed\n")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_one_wrong_lab_does_not_keep_the_others_from_being_checked(
    shop: Workshop, jobs: str
) -> None:
    """It is an error with its reason, also in the JUnit file, and makes the exit code 2."""
    shop.write()
    shop.change(("LAB =", "BAL ="), slug="wrong")
    file = shop.root / "junit.xml"
    outcome = finished(started(shop, "check", "--jobs", jobs, "--junit", str(file)))
    assert (outcome.code, outcome.err) == (2, "")
    assert "✓ PASS         small, seed 1: 7 controls\n" in outcome.out
    reason = "labs/trial/wrong/lab.py: defines no LAB"
    assert f"? INCONCLUSIVE wrong, seed 1: {reason}" in outcome.out
    assert outcome.out.endswith("1 passed, 0 failed, 1 could not be checked\n")
    (error,) = ET.parse(file).iter("error")  # noqa: S314 - we wrote it
    assert reason in str(error.get("message"))


def test_a_lab_that_is_not_there_is_a_typo(shop: Workshop) -> None:
    """Nothing is checked for minutes before it is told."""
    shop.write()
    outcome = shop.run("check", "small", "smal")
    assert (outcome.code, outcome.out) == (2, "")
    assert "did you mean small?" in outcome.complaint


@pytest.fixture
def measuring(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Measure in the simulator; each run is as late, in seconds, as the next of a list says."""
    shop.write()
    late_s: list[float] = []

    class Late(SimEngine):
        name = "compose"
        real_time = True

        def __init__(self, _: Path) -> None:
            super().__init__()

        def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
            recording = super().run(plan, conduct, observer)
            late = late_s.pop(0)
            recording.requests = [
                one._replace(sent_s=one.intended_s + late) for one in recording.requests
            ]
            return recording

    monkeypatch.setattr(checking, "ComposeEngine", Late)
    monkeypatch.setattr(checking, "why_not", lambda: None)
    return late_s


def test_a_run_that_was_late_is_measured_again(shop: Workshop, measuring: list[float]) -> None:
    """The second run, alone, is what counts, and the line says that there was one."""
    measuring += [0, 0.2, 0, 0, 0, 0]
    outcome = shop.run("check", "--engine", "compose")
    assert (outcome.code, outcome.err) == (0, "")
    line = "✓ PASS         small, seed 1: 12 controls, measured again alone\n"
    assert outcome.out == f"{line}1 passed, 0 failed\n"
    assert measuring == []


def test_a_run_without_a_healthy_start_is_measured_again(
    shop: Workshop, measuring: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that is too busy, the load's time limits pass before a fault is there."""
    measuring += [0] * 6
    run = SimEngine.run

    def sick_at_first(engine: SimEngine, *arguments: Any) -> Recording:
        recording = run(engine, *arguments)
        if len(measuring) == 6:
            recording.requests = [one._replace(status="timeout") for one in recording.requests]
        return recording

    monkeypatch.setattr(SimEngine, "run", sick_at_first)
    outcome = shop.run("check", "--engine", "compose")
    assert (outcome.code, outcome.err) == (0, "")
    assert "✓ PASS         small, seed 1: 12 controls, measured again alone\n" in outcome.out


def test_a_run_that_stays_late_proves_nothing(shop: Workshop, measuring: list[float]) -> None:
    """The delay and its limit are told."""
    measuring += [0.2] * 6
    outcome = shop.run("check", "--engine", "compose")
    assert outcome.code == 2
    text = " ".join(outcome.out.split())
    assert "? INCONCLUSIVE small, seed 1: 12 controls, measured again alone" in text
    assert "on time: requests are sent when due; delay, p99 is 200 ms, must be ≤ 50 ms" in text


def test_a_check_that_breaks_off_between_runs_is_not_passed(
    shop: Workshop, measuring: list[float]
) -> None:
    """What its first run showed of the machine's time is no verdict on the lab."""
    measuring += [0]
    run = SimEngine.run

    def breaks_off(engine: SimEngine, *arguments: Any) -> Recording:
        if not measuring:
            raise EnvironmentNotReadyError("could not remove network x: run ./lab clean")
        return run(engine, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SimEngine, "run", breaks_off)
        outcome = shop.run("check", "--engine", "compose")
    assert outcome.code == 2
    line = "? INCONCLUSIVE small, seed 1: could not remove network x: run ./lab clean\n"
    assert outcome.out == f"{line}0 passed, 0 failed, 1 could not be checked\n"


def test_on_a_terminal_the_bar_grows_with_what_is_measured_again(
    shop: Workshop, measuring: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the lab, and does not stand at its end while a minute passes."""
    monkeypatch.setattr(cmd_check, "Console", partial(Console, force_terminal=True))
    measuring += [0, 0.2, 0, 0, 0, 0]
    outcome = shop.run("check", "--engine", "compose")
    frames = [" ".join(ESCAPE.sub(" ", line).split()) for line in outcome.out.split("\r")]
    grown = [frame for frame in frames if frame.endswith("again, alone: small")]
    assert " 1/2 " in grown[0]
    assert "12 controls, measured again alone" in outcome.out
    assert outcome.out.endswith("1 passed, 0 failed\n")


KILLING = """import os, signal, multiprocessing
if multiprocessing.parent_process():
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_lab_whose_process_is_killed_hides_no_failure(shop: Workshop) -> None:
    """As when it takes all memory: it is one that could not be checked, and the others go on."""
    shop.change(FAILING, slug="failing")
    (shop.write(slug="killing") / "lab.py").write_text(KILLING + SMALL)
    shop.write(slug="other")
    outcome = finished(started(shop, "check", "--jobs", "2"))
    assert (outcome.code, outcome.err) == (1, "")
    assert "? INCONCLUSIVE killing, seed 1: its process was killed" in outcome.out
    assert "✓ PASS         other, seed 1: 7 controls" in outcome.out
    assert outcome.out.endswith("1 passed, 1 failed, 1 could not be checked\n")


def test_a_range_of_seeds(shop: Workshop) -> None:
    """From the first to the last, for a part of a long check."""
    shop.change(FAILING)
    outcome = shop.run("check", "--seeds", "41-42", "--jobs", "1")
    assert [f"--seed {seed}\n" in outcome.out for seed in (40, 41, 42, 43)] == [0, 1, 1, 0]


def test_shards_check_each_lab_once(shop: Workshop) -> None:
    """What each checks is its first line; one that is left with none has nothing to object to."""
    for slug in ("one", "two"):
        shop.write(slug=slug)
    outcomes = [shop.run("check", "--shard", f"{number}/3", "--jobs", "1") for number in (1, 2, 3)]
    assert [outcome.code for outcome in outcomes] == [0, 0, 0]
    heads = [outcome.out.splitlines()[0] for outcome in outcomes]
    assert heads == [
        "shard 1/3: one",
        "shard 2/3: two",
        "shard 3/3: no lab, for there are fewer of them",
    ]


def test_a_table_for_a_pull_request(shop: Workshop) -> None:
    """It stands where it is asked for, and repeats what failed."""
    shop.change(FAILING)
    file = shop.root / "check.md"
    assert shop.run("check", "--jobs", "1", "--markdown", str(file)).code == 1
    text = file.read_text()
    assert text.startswith("### ✗ Chaoslab FAIL: 1 FAIL\n")
    assert "| ✗ FAIL | small | calm, the fix holds: recovers (time to recover) | 1.00 s |" in text
    assert text.endswith("    ./lab run small --engine sim --seed 1\n")


def test_results_are_kept_without_being_asked_for(shop: Workshop) -> None:
    """So that a check that was interrupted can go on; a second look checks nothing."""
    shop.change(FAILING)
    first = shop.run("check", "--seeds", "2", "--jobs", "1")
    assert len((shop.runs / "check-sim.jsonl").read_text().splitlines()) == 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "check", None)
        again = shop.run("check", "--seeds", "2", "--resume")
    assert (again.code, again.out) == (first.code, first.out)
    assert again.complaint == "2 of 2 were checked before"


def test_there_may_be_nothing_to_go_on_with(shop: Workshop) -> None:
    """A CI job that always says --resume begins with the first; `runs/` need not be there."""
    shop.write()
    assert not shop.runs.exists()
    outcome = shop.run("check", "--resume")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith("1 passed, 0 failed\n")


def test_what_proved_nothing_is_checked_again(shop: Workshop) -> None:
    """A machine may be ready by now; what passed or failed stays."""
    shop.change(WRONG)
    assert shop.run("check", "--jobs", "1").code == 2
    outcome = shop.run("check", "--resume", "--jobs", "1")
    assert (outcome.code, outcome.err) == (2, "")
    assert outcome.out.endswith("1 could not be checked\n")


def test_results_of_a_changed_lab_are_refused(shop: Workshop) -> None:
    """In one line that says what has changed."""
    folder = shop.write()
    assert shop.run("check", "--jobs", "1").code == 0
    (folder / "lab.py").write_text(SMALL.replace("rate_rps=20", "rate_rps=21"))
    outcome = shop.run("check", "--resume")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint == (
        "runs/check-sim.jsonl: its results are of another tree (labs differ); "
        "leave --resume out to begin anew"
    )


def test_a_check_that_was_killed_goes_on(shop: Workshop) -> None:
    """With kill -9 in the middle: what was found stays, and the rest is as if nothing had been."""
    shop.write(SMALL.replace("Paced(", "Poisson(").replace("Paced,", "Poisson,"))
    seeds = ("check", "--seeds", "9", "--jobs", "2")
    file, junit, whole = shop.runs / "check-sim.jsonl", shop.root / "1.xml", shop.root / "2.xml"
    process = started(shop, *seeds)
    try:
        while not file.exists() or file.read_bytes().count(b"\n") < 3:
            assert process.poll() is None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    there = len(check_results.read(file))
    assert 2 <= there < 9
    outcome = finished(started(shop, *seeds, "--resume", "--junit", str(junit)))
    anew = finished(started(shop, *seeds, "--junit", str(whole)))
    assert outcome.err.startswith(f"chaoslab: {there} of 9 were checked before\n")
    assert (outcome.code, outcome.out) == (anew.code, anew.out)
    assert _values(junit) == _values(whole)


def test_a_log_is_told_how_far_a_check_is() -> None:
    """A line every half minute, with what is left at this pace; none in a short check."""
    told: list[str] = []
    now_s = [100.0]
    lines = check_progress.Lines(100, told.append, lambda: now_s[0])
    began = datetime(2026, 1, 2, tzinfo=UTC)
    one = check_results.Checked(slug="a", seed=1, began=began, took_s=1, error="no")
    for _ in range(25):
        now_s[0] += 3
        lines.one(one)
    assert told == [
        "10 of 100 checked in 30 s, 0 failed; about 4 min 30 s left",
        "20 of 100 checked in 1 min 0 s, 0 failed; about 4 min 0 s left",
    ]


def test_runs_that_cannot_be_written_do_not_keep_a_check_from_running(shop: Workshop) -> None:
    """A simulation needs no disk; where the file was asked for, it is refused first."""
    shop.write()
    shop.runs.write_text("a file")
    outcome = shop.run("check", "--jobs", "1")
    assert outcome.code == 0
    assert outcome.complaint.endswith("this check cannot be resumed")
    refused = shop.run("check", "--results", str(shop.runs / "x.jsonl"))
    assert (refused.code, refused.out) == (2, "")


def test_the_exit_codes_are_in_the_help(shop: Workshop) -> None:
    """A CI job's author reads them there."""
    text = " ".join(shop.run("check", "--help").out.split())
    assert "0 every control of every lab holds" in text
    assert "1 a control fails, whatever could not be checked beside it" in text
    assert "130 interrupted; --resume goes on" in text
