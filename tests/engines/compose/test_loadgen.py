"""The load generator, as a process against a small server of the test's own."""

import http.server
import json
import math
import signal
import time

import pytest

from harness.engines.compose.loadlog import LoadLog
from harness.model import Paced, Poisson, Send
from harness.recording import root_context
from services.tracing import parse
from tests.engines.compose.loadbench import (
    LIMIT_S,
    SEED,
    environment,
    generator,
    lines,
    run,
    server,
)


def test_arrivals_are_those_of_the_simulation_each_with_its_own_trace() -> None:
    """Number, path and time of every request are what the seed draws; headers carry its root."""
    load = Poisson(rate_rps=60, to="checkout")
    with server() as running:
        log = run(load, running.server_port)
    drawn = list(load.arrivals(SEED, 1))
    sent = log.requests.all()
    assert [(one.number, one.intended_s, one.path, one.method, one.to) for one in sent] == [
        one[:5] for one in drawn
    ]
    assert all(one.status == "200" for one in sent)
    assert all(one.intended_s <= one.sent_s <= one.answered_s for one in sent)
    expected = {root_context(SEED, arrival.number) for arrival in drawn}
    assert {parse(header) for header in running.headers} == expected
    assert not log.other


@pytest.mark.parametrize(
    ("path", "status"), [("/busy", "503"), ("/silent", "timeout"), ("/close", "closed")]
)
def test_requests_end_in_the_words_of_the_services(path: str, status: str) -> None:
    """And nothing is sent twice: a retry in the client would be load that nobody planned."""
    load = Paced(rate_rps=10, to="checkout", path=path, timeout_ms=300)
    with server() as running:
        log = run(load, running.server_port)
    assert [one.status for one in log.requests.all()] == [status] * 9
    assert len(running.headers) == 9
    assert all(math.isnan(one.answered_s) is not status.isdigit() for one in log.requests.all())


def test_a_mix_goes_to_several_services_and_its_answers_are_kept() -> None:
    """Each request to whom it names, with its own method, as in the simulation."""
    put = Send(path="/kv/{number}", method="PUT", to="other")
    load = Paced(rate_rps=20, to="checkout", mix=(Send(path="/x"), put), keep_answers=True)
    with server() as one, server() as other:
        urls = {"checkout": one.server_port, "other": other.server_port}
        targets = {name: f"http://127.0.0.1:{port}" for name, port in urls.items()}
        log = run(load, one.server_port, CHAOSLAB_TARGETS=json.dumps(targets))
    sent = log.requests.all()
    assert [one.path for one in sent] == [due.path for due in load.arrivals(SEED, 1)]
    assert {one.to for one in sent if one.method == "PUT"} == {"other"}
    assert all(one.answer == f"{one.method} {one.path}" for one in sent)
    assert len(other.headers) == sum(one.to == "other" for one in sent)


def test_it_waits_for_its_signal_when_told_to() -> None:
    """Second 0 lies after the signal, and a little after the line that announces it."""
    load = Paced(rate_rps=5, to="checkout")
    with (
        server() as running,
        generator(environment(load, running.server_port, CHAOSLAB_WAIT="1")) as process,
    ):
        told = lines(process.stdout)
        assert next(told) == {"event": "ready"}
        signalled_s = time.time()
        process.send_signal(signal.SIGUSR1)
        start = next(told)
        assert start["event"] == "start"
        assert start["t0"] > max(signalled_s, time.time())  # type: ignore[operator]


def test_an_error_in_the_load_ends_it() -> None:
    """Locust would call a task that raised again and again."""
    with server() as running:
        values = environment(Paced(rate_rps=5, to="checkout"), running.server_port)
        values["CHAOSLAB_LOAD"] = json.dumps({"kind": "Sinus"})
        with generator(values) as process:
            output, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert not output
    assert "no load of kind 'Sinus'" in errors.splitlines()[-1]


def test_an_error_while_it_runs_ends_it() -> None:
    """A path that no client can send is a bug in the lab, not a request that failed."""
    with server() as running:
        bad = Paced(rate_rps=5, to="checkout", path="/with space\n")
        with generator(environment(bad, running.server_port)) as process:
            _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert "InvalidURL" in errors.splitlines()[-1]


class Once(http.server.BaseHTTPRequestHandler):
    """Is well, and closes the connection."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_target_that_refuses_later_is_recorded_as_refused() -> None:
    """The server goes away after it has said that it is well."""
    load = Paced(rate_rps=5, to="checkout")
    http_server = http.server.HTTPServer(("127.0.0.1", 0), Once)
    with generator(environment(load, http_server.server_port, CHAOSLAB_WAIT="1")) as process:
        told = lines(process.stdout)
        http_server.handle_request()
        http_server.server_close()
        assert next(told) == {"event": "ready"}
        process.send_signal(signal.SIGUSR1)
        statuses = [line["status"] for line in told if line["event"] == "request"]
    assert statuses == ["refused"] * 4


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_load_that_is_cut_ends_at_a_whole_second_with_all_that_was_due(workers: str) -> None:
    """None of it is missing, nothing later is sent, and it does not last its time."""
    load = Poisson(rate_rps=60, to="checkout")
    values = {"CHAOSLAB_DURATION_S": f"{10 * LIMIT_S}", "CHAOSLAB_WORKERS": workers}
    with server() as running, generator(environment(load, running.server_port, **values)) as first:
        log, told = LoadLog(), lines(first.stdout)
        for line in told:
            log.take(json.dumps(line))
            if line["event"] == "request" and math.isinf(log.cut_s):
                first.send_signal(signal.SIGHUP)
                break
        for line in told:
            log.take(json.dumps(line))
        assert first.wait(LIMIT_S) == 0
    log.check()
    due = [one for one in load.arrivals(SEED, 10 * LIMIT_S) if one.at_s < log.cut_s]
    assert [one.number for one in log.requests.all()] == [one.number for one in due]
    assert log.cut_s == int(log.cut_s) < LIMIT_S
    assert log.seconds <= log.cut_s <= log.end_s + 1


def test_a_cut_after_the_last_arrival_cuts_nothing() -> None:
    """The load's own time is over first; both ends are told."""
    load = Paced(rate_rps=4, to="checkout", path="/silent", timeout_ms=1500)
    with server() as running, generator(environment(load, running.server_port)) as process:
        told = lines(process.stdout)
        log = LoadLog()
        for line in told:
            log.take(json.dumps(line))
            if line["event"] == "second":
                process.send_signal(signal.SIGHUP)
        assert process.wait(LIMIT_S) == 0
    log.check()
    assert (log.cut_s, log.sent) == (1, 3)
