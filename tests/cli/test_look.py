"""Commands that only show: list, show, show-trace, compose, and every command's help."""

import json

import pytest
import yaml
from click import Context, Group

from harness import catalogue
from harness.cli import lab_imports
from harness.cli.__main__ import COMMANDS, lab
from tests.cli.workshop import SMALL, Workshop

HEAD = "retry-storm"


def test_list_counts_labs_and_episodes(shop: Workshop) -> None:
    """A lab answers the episodes that name it first, and touches those that name it at all."""
    shop.write(slug=HEAD, track="cascades")
    outcome = shop.run("list")
    assert (outcome.code, outcome.err) == (0, "")
    rows = catalogue.episodes()
    answered = sum(row.lab == HEAD for row in rows)
    touched = sum(HEAD in (row.lab, *row.also) for row in rows)
    assert 0 < answered < touched < len(rows)
    said = " ".join(outcome.out.split())
    assert said.endswith(
        f"1 of {len(catalogue.planned())} labs are written; {answered} of {len(rows)} episodes "
        f"are answered by one, {touched} are touched by one."
    )


def test_list_shows_what_is_written_and_all_on_demand(shop: Workshop) -> None:
    """A lab that the catalogue does not know is listed too; planned ones only with --all."""
    shop.write(slug=HEAD, track="cascades")
    shop.write(slug="uncharted")
    written = shop.run("list").out
    assert HEAD in written
    assert "uncharted" in written
    assert "retry-layers" not in written
    everything = shop.run("list", "--all").out
    assert all(row.slug in everything for row in catalogue.planned())
    assert all(len(line) <= 80 for line in everything.splitlines())


BAD = {
    "raises": ("raise RuntimeError('no')\n", "labs/trial/raises/lab.py: RuntimeError: no"),
    "stops": ("import os\nos._exit(0)\n", "its import ended the process"),
    "waits": ("while True:\n    pass\n", "its import did not end within 2 s"),
}
"""By its slug, a lab that cannot be imported, and what is said of it."""


@pytest.fixture
def bad(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Give a checkout in which good labs stand before, between and after bad ones."""
    monkeypatch.setattr(lab_imports, "LIMIT_S", 2)
    for slug, (text, _) in BAD.items():
        shop.write(text, slug=slug)
    for slug in ("alright", "small", "zebra"):
        shop.write(slug=slug)
    return shop


def test_a_bad_lab_takes_no_other_off_the_list(bad: Workshop) -> None:
    """One that raises, ends its process or never ends is listed with what is wrong."""
    outcome = bad.run("list")
    assert (outcome.code, outcome.err) == (0, "")
    said = " ".join(outcome.out.split())
    assert said.count("Does it hold?") == 3
    for slug, (_, problem) in BAD.items():
        assert f"{slug} " in said
        assert "cannot be used:" in said
        # Columns are narrow: the words stand in lines of their own.
        assert all(word in said for word in problem.split())


def test_doctor_names_every_bad_lab(bad: Workshop) -> None:
    """All of them are told, each with its reason, and the rest of the look goes on."""
    outcome = bad.run("doctor")
    assert outcome.code == 2
    said = " ".join(outcome.out.split())
    assert "✗ labs 3 labs cannot be used; 6 are there" in said
    for slug, (_, problem) in BAD.items():
        assert f"{slug}: {problem}" in said
    assert "disk" in said


def test_list_of_nothing(shop: Workshop) -> None:
    """A checkout without labs lists none."""
    assert "0 of 2" in shop.run("list").out


def test_show_tells_a_lab_before_it_runs(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Question, topology, what differs between variants, and faults in time; no answers."""
    (shop.write() / "README.md").touch()
    monkeypatch.chdir(shop.root)
    outcome = shop.run("show", "small")
    assert (outcome.code, outcome.err) == (0, "")
    for words in (
        "A small lab\nDoes it hold?\n",
        "client ──20/s──▶ front (relay) ──▶ back (worker) ✗",
        "naive           front.tries = 4",
        "calm            front.tries = 1",
        "back frozen ",
        "lesson    labs/trial/small/README.md",
        "run       ./lab run small",
        "answers   ./lab show small --answers",
    ):
        assert words in outcome.out
    for answer in ("recovers", "must break", "must hold", "stays down"):
        assert answer not in outcome.out
    assert all(len(line) <= 80 for line in outcome.out.splitlines())


def test_show_tells_the_answers_when_asked(shop: Workshop) -> None:
    """Which variants must break, and what a run must show of each."""
    shop.write()
    said = shop.run("show", "small", "--answers").out
    for words in (
        "naive           must break   front.tries = 4",
        "calm            must hold    front.tries = 1",
        "calm: recovers; time to recover at most 2 s",
    ):
        assert words in said


@pytest.mark.parametrize("columns", ["1", "20", "40", "300"])
@pytest.mark.parametrize("command", [("list", "--all"), ("show", "small"), ("doctor",)], ids=str)
def test_any_width_will_do(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, columns: str, command: tuple[str, ...]
) -> None:
    """Nothing that only shows fails on a narrow or a wide terminal."""
    monkeypatch.setenv("COLUMNS", columns)
    shop.write()
    outcome = shop.run(*command)
    assert outcome.err == ""
    assert outcome.out


def test_show_trace_draws_a_telling_request(shop: Workshop) -> None:
    """Without a number, a broken variant's request with all its tries is drawn."""
    shop.write()
    shop.run("run", "small", "--engine", "sim", "--no-report")
    outcome = shop.run("show-trace", "small")
    assert (outcome.code, outcome.err) == (0, "")
    assert "small, naive, sim, run 2" in outcome.out
    assert "→ back, try 4" in outcome.out
    assert all(len(line) <= 80 for line in outcome.out.splitlines())


def test_show_trace_draws_the_request_that_is_asked_for(shop: Workshop) -> None:
    """Requests count from 0; one that there is not is told with the last that there is."""
    shop.write()
    shop.run("run", "small", "--engine", "sim", "--no-report")
    asked = ("show-trace", "small", "--variant", "calm", "--request")
    outcome = shop.run(*asked, "0")
    assert outcome.code == 0
    assert "request 0, due at 0.05 s: 200" in outcome.out
    for number in ("-1", "99", "100000000000000000000"):
        outcome = shop.run(*asked, number)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.complaint == f"no request {number}; the last is 98"


def test_show_trace_takes_the_last_run_whatever_was_run(shop: Workshop) -> None:
    """After a run of the second variant alone, that one is shown; the first is told as missing."""
    shop.write()
    shop.run("run", "small", "--engine", "sim", "--no-report", "--variant", "calm")
    assert "small, calm, sim, run " in shop.run("show-trace", "small").out
    outcome = shop.run("show-trace", "small", "--variant", "naive")
    assert outcome.code == 2
    assert "has no recording sim-naive" in outcome.complaint
    assert outcome.complaint.endswith("it has sim-calm")
    outcome = shop.run("show-trace", "small", "--engine", "compose")
    assert "has no recording compose-naive" in outcome.complaint


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"lab": "small"}', '{"number": 1}', "\x00", "[1, 2]"]
)
@pytest.mark.parametrize("file", ["recording.json", "requests.jsonl", "spans.jsonl"])
def test_a_damaged_recording_is_told(shop: Workshop, file: str, damage: str) -> None:
    """A file that was cut short or edited by hand is no bug of ours."""
    shop.write()
    shop.run("run", "small", "--engine", "sim", "--no-report", "--variant", "calm")
    (kept,) = (shop.runs / "small").glob(f"*/sim-calm/{file}")
    kept.write_text(damage)
    outcome = shop.run("show-trace", "small")
    if damage or file == "recording.json":
        assert outcome.code == 2
        assert outcome.complaint.endswith("cannot be read; ./lab run small makes a new one")


def test_compose_prints_a_file_that_parses(shop: Workshop) -> None:
    """The file has the lab's services with the variant's settings; nothing else is printed."""
    shop.write(SMALL)
    first = shop.run("compose", "small")
    assert (first.code, first.err) == (0, "")
    parsed = yaml.safe_load(first.out)
    assert {"front", "back", "toxiproxy", "load"} <= set(parsed["services"])
    second = shop.run("compose", "small", "--variant", "calm", "--seed", "3")
    assert yaml.safe_load(second.out) != parsed
    assert shop.run("compose", "small").out == first.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_lists_every_option(shop: Workshop, name: str) -> None:
    """Each command says what it does and what it takes, within 80 columns."""
    command = lab.get_command(Context(lab), name)
    assert command is not None
    parts = [(name, command)]
    if isinstance(command, Group):
        parts += [(f"{name} {key}", sub) for key, sub in command.commands.items()]
    for typed, part in parts:
        outcome = shop.run(*typed.split(), "--help")
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out.startswith(f"Usage: ./lab {typed} ")
        assert all(len(line) <= 80 for line in outcome.out.splitlines())
        for parameter in part.params:
            if parameter.param_type_name == "option":
                assert parameter.opts[0] in outcome.out
        assert shop.run(*typed.split(), "-h") == outcome


def test_the_help_of_all_cuts_no_line_short(shop: Workshop) -> None:
    """What each command does is said in a line that fits."""
    assert "..." not in shop.run("images", "--help").out.partition("Commands:")[2]
    outcome = shop.run("--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert "..." not in outcome.out.partition("Commands:")[2]
    assert [line.split()[0] for line in outcome.out.partition("Commands:\n")[2].splitlines()] == (
        COMMANDS
    )


def test_the_version(shop: Workshop) -> None:
    """The version is that of the package."""
    assert shop.run("--version").out == "chaoslab, version 0.1.0\n"


def test_what_is_kept_is_what_is_shown(shop: Workshop) -> None:
    """The newest run counts, also of two in one second."""
    shop.write()
    for seed in ("1", "2"):
        shop.run("run", "small", "--engine", "sim", "--no-report", "--seed", seed)
    newest = shop.kept()[-1]
    assert json.loads((shop.runs / newest / "run.json").read_text())["seed"] == 2
    assert f"run {newest.partition('/')[2]}" in shop.run("show-trace", "small").out
