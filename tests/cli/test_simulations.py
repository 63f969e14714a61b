"""Simulations on all cores: the same result, lines in the lab's order, and a clean end."""

import json
import logging
import os
import re
import signal
from collections.abc import Callable
from functools import partial
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from harness import rows
from harness.cli import cmd_run, simulations
from harness.cli.live import Live
from harness.engines.sim.engine import SimEngine
from harness.model import Broken, Paced
from tests.cli.workshop import Workshop
from tests.support import lab

RUN = ("run", "small", "--engine", "sim", "--no-report")
Cores = Callable[[int], None]


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> Cores:
    return lambda number: monkeypatch.setattr(simulations, "cores", lambda: number)


def kept(shop: Workshop) -> dict[str, bytes]:
    """Give every file of the one run that there is, without when it was made."""
    (run,) = shop.runs.glob("*/*")
    files = {str(path.relative_to(run)): path for path in run.rglob("*") if path.is_file()}
    found = {name: path.read_bytes() for name, path in files.items()}
    document = json.loads(found["run.json"])
    del document["when"]
    return {**found, "run.json": json.dumps(document).encode()}


@pytest.mark.parametrize("more", [(), ("--permute", "7"), ("--set", "back.service_ms=25")])
@pytest.mark.parametrize("held", [rows.HELD, 30], ids=["in memory", "in files"])
def test_the_number_of_cores_changes_nothing(
    shop: Workshop, cores: Cores, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], held: int
) -> None:
    """What is kept, printed and traced is the same to the byte; so are rows that come by a file."""
    shop.write()
    monkeypatch.setattr(rows, "HELD", held)
    monkeypatch.setattr(rows, "BLOCK", min(held, rows.BLOCK))
    found = []
    for number in (1, 2, 5):
        cores(number)
        events = shop.root / "events.jsonl"
        outcome = shop.run(*RUN, *more, "--events", str(events))
        assert outcome.err == ""
        found.append((outcome.code, outcome.out, events.read_bytes(), kept(shop)))
        shop.run("clean", "--runs")
    assert found[0] == found[1] == found[2]
    assert set(found[0][3]) >= {"sim-naive/spans.jsonl", "sim-calm/recording.json"}
    assert found[0][2].count(b'"event": "run"') == 3


def test_every_run_is_begun_before_the_first_is_judged(
    shop: Workshop, cores: Cores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative controls too: nothing is simulated by the process that judges."""
    shop.write()
    cores(2)
    here = os.getpid()
    simulate = SimEngine.run

    def elsewhere(self: SimEngine, *given: Any) -> Any:
        assert os.getpid() != here
        return simulate(self, *given)

    monkeypatch.setattr(SimEngine, "run", elsewhere)
    assert shop.run(*RUN).code == 0


def test_on_a_terminal_there_is_a_line_for_each_run(
    shop: Workshop, cores: Cores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the lab's order, and each of them complete in the end."""
    shop.write()
    cores(2)
    monkeypatch.setattr(cmd_run, "Console", partial(Console, force_terminal=True))
    out = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shop.run(*RUN).out)
    frame = out.partition("Simulated, good answers")[0].rpartition("back frozen")[2]
    lines = [line.split() for line in frame.splitlines() if "simulated" in line]
    assert [line[1] for line in lines] == ["naive", "calm", "naive,"]
    assert all(line[-1] == "good/s" for line in lines)


def test_without_a_terminal_only_what_takes_long_is_told() -> None:
    """A log of hours of containers shows progress; a simulation of seconds is not worth a line."""
    shown = StringIO()
    short = lab(load=Paced(rate_rps=1, to="front"), duration_s=2)
    view = Live(Console(file=shown, width=80), short)
    measuring = SimEngine()
    measuring.name = "compose"
    with view:
        simulated = view.watch(SimEngine(), Broken("one"), short)
        measured = view.watch(measuring, Broken("two"), short)
        for second in range(2):
            assert shown.getvalue() == ""
            simulated.second(second, 1)
            measured.second(second, 1)
    assert shown.getvalue() == "  two: measured\n"


def test_a_killed_simulation_is_one_line(
    shop: Workshop, cores: Cores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when memory runs out: the command ends, and nothing of the run is kept."""
    shop.write()
    cores(2)

    def killed(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(SimEngine, "run", killed)
    outcome = shop.run(*RUN)
    assert outcome.code == 2
    assert outcome.complaint.startswith("a process was killed: is there enough memory?")
    assert shop.kept() == []


def test_what_every_run_complains_of_is_printed_once(
    shop: Workshop, cores: Cores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library's warning, from three runs in two processes."""
    shop.write()
    cores(2)
    simulate = SimEngine.run

    def warning(self: SimEngine, *given: Any) -> Any:
        logging.getLogger("a.library").warning("it is %s", "odd")
        return simulate(self, *given)

    monkeypatch.setattr(SimEngine, "run", warning)
    assert shop.run(*RUN).complaint == "it is odd (said once)"


def test_an_error_of_a_simulation_is_told_as_where_it_is_alone(
    shop: Workshop, cores: Cores
) -> None:
    """One line with exit 2 for a lab that is wrong, whatever process finds it out."""
    shop.change(("services.worker", "services.nowhere"))
    told = []
    for number in (1, 2):
        cores(number)
        told.append((shop.run(*RUN).code, shop.run(*RUN).complaint))
    assert told[0] == told[1]
