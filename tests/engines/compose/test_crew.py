"""The load's processes: how they share the arrivals, and how they end together."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from harness.model import Paced, Poisson, Send
from harness.recording import root_context
from services.tracing import parse
from tests.engines.compose.loadbench import (
    CORES,
    LIMIT_S,
    LONG,
    SEED,
    environment,
    generator,
    lines,
    run,
    server,
    told,
)


@pytest.mark.parametrize("workers", ["2", "3", "8"])
def test_processes_share_the_arrivals_exactly(workers: str) -> None:
    """Each is sent by one of them, at its time; the log is one, in order, with one end."""
    load = Poisson(rate_rps=150, to="checkout")
    with server() as running:
        log = run(load, running.server_port, CHAOSLAB_WORKERS=workers)
    drawn = list(load.arrivals(SEED, 1))
    sent = log.requests.all()
    assert [(one.number, one.intended_s, one.path, one.method, one.to) for one in sent] == [
        one[:5] for one in drawn
    ]
    assert all(one.status == "200" for one in sent)
    assert all(one.intended_s <= one.sent_s <= one.answered_s <= log.end_s for one in sent)
    roots = {root_context(SEED, arrival.number) for arrival in drawn}
    assert len(running.headers) == len(drawn)
    assert {parse(header) for header in running.headers} == roots
    assert not log.other


def children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@pytest.mark.parametrize(("workers", "processes"), [(1, 1), (3, 3), (8, CORES)])
def test_there_is_a_process_for_each_worker_but_at_most_one_a_core(
    workers: int, processes: int
) -> None:
    """They are there, and have reached their target, when the load says that it is ready."""
    values = {"CHAOSLAB_WAIT": "1", "CHAOSLAB_WORKERS": str(workers)}
    load = Paced(rate_rps=5, to="checkout")
    with server() as running, generator(environment(load, running.server_port, **values)) as first:
        assert next(lines(first.stdout)) == {"event": "ready"}
        assert len(children(first.pid)) == processes - 1
        assert running.probes == processes


def test_long_answers_do_not_get_mixed_up() -> None:
    """A pipe that is read slowly takes long lines piece by piece, from whoever writes."""
    load = Paced(rate_rps=60, to="checkout", path="/long/{number}", keep_answers=True)
    with server() as running:
        values = environment(load, running.server_port, CHAOSLAB_WORKERS=str(CORES))
        with generator(values) as process:
            for _ in range(CORES):
                assert running.asked.acquire(timeout=LIMIT_S)
            log = told(process)
    assert not log.other
    answers = [one.answer for one in log.requests.all()]
    assert answers == [f"GET /long/{number}".ljust(LONG, ".") for number in range(59)]


def test_an_error_in_any_process_ends_all_with_its_message() -> None:
    """Here in the second, whose first request is one that no client can send."""
    bad = Send(path="/with space\n", share=1)
    load = Paced(rate_rps=20, to="checkout", mix=(Send(path="/good", share=2), bad))
    turns = [arrival.number for arrival in load.arrivals(SEED, 1) if arrival.path == bad.path]
    assert turns[0] % 2 == 1
    with server() as running:
        values = environment(load, running.server_port, CHAOSLAB_WORKERS="2")
        with generator(values) as process:
            output, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    *_, raised, ended = errors.splitlines()
    assert "InvalidURL" in raised
    assert ended == "process 2 of the load ended with code 1"
    assert '"end"' not in output


@contextmanager
def three(*, started: bool, duration_s: float) -> Iterator[subprocess.Popen[str]]:
    """Give the first of three processes, when they wait for their start or are at work."""
    values = {"CHAOSLAB_WORKERS": "3", "CHAOSLAB_DURATION_S": f"{duration_s}"}
    load = Paced(rate_rps=30, to="checkout")
    if not started:
        values["CHAOSLAB_WAIT"] = "1"
    with server() as running, generator(environment(load, running.server_port, **values)) as first:
        heard = lines(first.stdout)
        wanted = "request" if started else "ready"
        assert any(line["event"] == wanted for line in heard)
        yield first


@pytest.mark.parametrize("started", [False, True])
def test_a_process_that_is_killed_ends_all(*, started: bool) -> None:
    """Before the start and after it: requests that nobody sends are no load."""
    with three(started=started, duration_s=LIMIT_S) as first:
        _, third = children(first.pid)
        os.kill(third, signal.SIGKILL)
        _, errors = first.communicate(timeout=LIMIT_S)
    assert first.returncode == 1
    assert errors.splitlines()[-1] == "process 3 of the load ended with code -9"


def test_the_first_does_not_tell_of_an_end_that_was_none() -> None:
    """It has seen its own share through, and only waits for the other, which is killed."""
    mix = (Send(path="/good"), Send(path="/silent"))
    load = Paced(rate_rps=2.5, to="checkout", mix=mix, timeout_ms=LIMIT_S * 1000)
    wanted = ["/good", "/silent"]
    seed = next(one for one in count() if [due.path for due in load.arrivals(one, 1)] == wanted)
    values = {"CHAOSLAB_WORKERS": "2", "CHAOSLAB_SEED": f"{seed}"}
    with server() as running, generator(environment(load, running.server_port, **values)) as first:
        for _ in wanted:
            assert running.asked.acquire(timeout=LIMIT_S)
        (second,) = children(first.pid)
        os.kill(second, signal.SIGKILL)
        output, errors = first.communicate(timeout=LIMIT_S)
    assert first.returncode == 1
    assert errors.splitlines()[-1] == "process 2 of the load ended with code -9"
    assert [json.loads(line)["event"] for line in output.splitlines()] == [
        *("ready", "start", "request")
    ]


@pytest.mark.parametrize("started", [False, True])
def test_no_process_outlives_the_first(*, started: bool) -> None:
    """Whoever reads the output sees its end only when all who may write have gone."""
    with three(started=started, duration_s=2 * LIMIT_S) as first:
        first.kill()
        first.communicate(timeout=LIMIT_S)
