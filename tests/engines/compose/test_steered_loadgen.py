"""The load generator as a process that is steered while it sends."""

import json
import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from harness.engines.compose.loadlog import LoadLog
from harness.model import Paced, Poisson, Send
from harness.model.steered_load import EXTRA, SteeredLoad
from harness.recording import Request, root_context
from services.tracing import parse
from tests.engines.compose.loadbench import (
    FEW_AT_ONCE,
    LIMIT_S,
    PROGRAM,
    SEED,
    Server,
    environment,
    generator,
    lines,
    server,
)

if TYPE_CHECKING:
    import subprocess

RATE = 40
EVEN = Paced(rate_rps=RATE, to="checkout")
LASTS_S = 3.0


class Steered:
    """A load under way, of which the log is read as far as a test waits for it."""

    def __init__(self, process: "subprocess.Popen[str]", running: Server) -> None:
        self.process = process
        self.server = running
        self.log = LoadLog()
        self._told = lines(process.stdout)
        self._number = 0

    def write(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def asks(self, do: str, **fields: Any) -> Any:
        """Send a command; give from when on it counts, or why it is refused."""
        self._number += 1
        self.write(json.dumps({"id": self._number, "do": do, **fields}))
        while self._number not in self.log.answers:
            self.hear()
        return self.log.answers[self._number]

    def hear(self) -> str:
        """Read a line, and give what it tells of."""
        told = next(self._told)
        self.log.take(json.dumps(told))
        return str(told["event"])

    def hears(self, event: str) -> None:
        while self.hear() != event:
            pass

    def ended(self) -> list[Request]:
        """Wait for the end of it, and give all requests."""
        for told in self._told:
            self.log.take(json.dumps(told))
        assert self.process.wait(LIMIT_S) == 0
        self.log.check()
        assert self.log.other == []
        return list(self.log.requests.all())


@contextmanager
def steered(
    load: Paced | Poisson = EVEN,
    workers: int = 1,
    lasts_s: float = LASTS_S,
    program: str = PROGRAM,
) -> Iterator[Steered]:
    values = {
        "CHAOSLAB_STEERED": "1",
        "CHAOSLAB_WORKERS": str(workers),
        "CHAOSLAB_DURATION_S": f"{lasts_s:g}",
    }
    with server() as running:
        port = running.server_port
        with generator(environment(load, port, **values), program) as process:
            yield Steered(process, running)


def drawn(requests: list[Request]) -> list[Request]:
    return [one for one in requests if one.number < EXTRA]


def by_hand(requests: list[Request]) -> list[Request]:
    return [one for one in requests if one.number >= EXTRA]


def due(requests: list[Request], start_s: float, end_s: float) -> int:
    return sum(start_s <= one.intended_s < end_s for one in requests)


def test_a_pace_counts_from_its_answer_on_as_in_the_simulation() -> None:
    """Each request is that of the one draw, at the time that this pace gives it."""
    load = Poisson(rate_rps=RATE, to="checkout", keys=5, mix=(Send(path="/{number}/{key}"),))
    with steered(load) as here:
        here.hears("request")
        twice_s = here.asks("pace", times=2)
        here.hears("second")
        half_s = here.asks("pace", times=0.5)
        requests = here.ended()
    assert (twice_s, half_s) == (round(twice_s, 3), round(half_s, 3))
    same = SteeredLoad(load, SEED, LASTS_S)
    same.pace(twice_s, 2)
    same.pace(half_s, 0.5)
    expected = []
    while (arrival := same.due()) is not None:
        expected.append(arrival)
        same.take()
    assert [(one.number, one.intended_s, one.path) for one in requests] == [
        one[:3] for one in expected
    ]
    assert all(one.status == "200" and one.intended_s <= one.sent_s for one in requests)
    roots = {root_context(SEED, arrival.number) for arrival in expected}
    assert {parse(header) for header in here.server.headers} == roots
    assert len(here.server.headers) == len(expected)


def test_several_processes_share_a_pace_and_a_burst() -> None:
    """Every request comes once, from one of them; twice as many a second from the answer on."""
    with steered(workers=3, lasts_s=4) as here:
        here.hears("request")
        at_s = here.asks("pace", times=2)
        burst_s = here.asks("send", count=50)
        requests = here.ended()
    assert [one.number for one in drawn(requests)] == [*range(here.log.drawn)]
    span_s = 4 - at_s - 0.5
    assert due(drawn(requests), at_s + 0.5, 4) == pytest.approx(2 * RATE * span_s, abs=3)
    assert [one.number for one in by_hand(requests)] == [*range(EXTRA, EXTRA + 50)]
    assert {one.intended_s for one in by_hand(requests)} == {burst_s}
    assert len(here.server.headers) == len(requests)


def test_requests_by_hand_are_drawn_as_the_loads_own() -> None:
    """As those of the simulation are; two bursts are not alike, and take nothing from the load."""
    mix = (Send(path="/{key}"), Send(path="/{number}", method="PUT"))
    load = Poisson(rate_rps=RATE, to="checkout", keys=50, mix=mix)
    with steered(load) as here:
        here.hears("request")
        moments = [here.asks("send", count=count) for count in (7, 1)]
        requests = here.ended()
    same = SteeredLoad(load, SEED, LASTS_S)
    bursts = zip(moments, (7, 1), strict=True)
    expected = [
        one for at_s, n in bursts for one in same.by_hand(at_s, n, to="", path="", method="")
    ]
    told = [(one.number, one.intended_s, one.path, one.method) for one in by_hand(requests)]
    assert told == [one[:4] for one in expected]
    assert (here.log.by_hand, here.log.drawn) == (8, len(drawn(requests)))
    own = list(load.arrivals(SEED, LASTS_S))
    assert [one.intended_s for one in drawn(requests)] == [one.at_s for one in own]
    roots = {root_context(SEED, one.number) for one in (*own, *expected)}
    assert {parse(header) for header in here.server.headers} == roots


def test_a_request_by_hand_may_say_what_it_asks() -> None:
    """A path that must be quoted to travel is quoted as in the simulation, and logged as typed."""
    with steered() as here:
        here.hears("request")
        here.asks("send", path="/a b/ä?q=1 2", method="PUT")
        here.asks("send", path="/close", count=2)
        requests = by_hand(here.ended())
    assert [(one.path, one.method, one.status) for one in requests] == [
        ("/a b/ä?q=1 2", "PUT", "200"),
        *[("/close", "GET", "closed")] * 2,
    ]
    assert "/a%20b/%C3%A4?q=1+2" in here.server.paths


def test_at_no_pace_nothing_is_sent_and_the_load_may_go_on_later() -> None:
    """It lasts to its end, for it may be asked for more until then."""
    with steered() as here:
        here.hears("request")
        none_s = here.asks("pace", times=0)
        while here.log.seconds < 2:
            here.hear()
        again_s = here.asks("pace", times=1)
        requests = here.ended()
    assert due(requests, none_s, again_s) == 0
    assert due(requests, 0, none_s) == pytest.approx(RATE * none_s, abs=1)
    assert due(requests, again_s, LASTS_S) == pytest.approx(RATE * (LASTS_S - again_s), abs=1)


def test_a_load_that_sends_no_more_by_itself_still_takes_commands() -> None:
    """Its own requests are over in the first second; what is asked for later is sent."""
    with steered(Paced(rate_rps=RATE, to="checkout", end_s=0.5)) as here:
        while here.log.seconds < 1:
            here.hear()
        at_s = here.asks("send", count=3)
        requests = here.ended()
    assert 1 < at_s < LASTS_S
    assert len(by_hand(requests)) == 3
    assert here.log.end_s >= LASTS_S


@pytest.mark.parametrize("workers", [1, 2])
def test_a_load_whose_harness_has_died_ends_by_itself(workers: int) -> None:
    """At the pace that it was left with, here none; nobody has to end it."""
    with steered(workers=workers) as here:
        here.hears("request")
        here.asks("pace", times=0)
        assert here.process.stdin
        here.process.stdin.close()
        requests = here.ended()
    assert here.log.end_s >= LASTS_S
    assert len(requests) < RATE * LASTS_S


@pytest.mark.parametrize("workers", [1, 3])
def test_a_paced_load_is_cut_at_a_whole_second_with_all_that_was_due(workers: int) -> None:
    """Also what was sent by hand; nothing later is sent, and it does not last its time."""
    with steered(workers=workers, lasts_s=10 * LIMIT_S) as here:
        here.hears("request")
        here.asks("pace", times=2)
        here.asks("send", count=20)
        here.hears("request")
        here.process.send_signal(signal.SIGHUP)
        here.hears("cut")
        requests = here.ended()
    cut_s = here.log.cut_s
    assert cut_s == int(cut_s) < LIMIT_S
    assert max(one.intended_s for one in requests) < cut_s
    assert due(requests, cut_s - 0.4, cut_s) == pytest.approx(2 * RATE * 0.4, abs=1)
    assert len(by_hand(requests)) == 20


def test_a_burst_beyond_what_may_be_under_way_is_not_sent() -> None:
    """All of it is told of, and the load goes on when there is room again."""
    silent = Paced(rate_rps=RATE, to="checkout", timeout_ms=300)
    with steered(silent, program=FEW_AT_ONCE) as here:
        here.hears("request")
        here.asks("send", count=30, path="/silent")
        requests = here.ended()
    statuses = [one.status for one in by_hand(requests)]
    assert len(statuses) == 30
    assert statuses.count("unsent") >= 20
    assert all(math.isnan(one.sent_s) for one in requests if one.status == "unsent")
    assert requests[here.log.drawn - 1].status == "200"


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("pace", {}, "times is missing"),
    ("pace", {"times": -1}, "times is -1; it must be 0 or more"),
    ("pace", {"times": 1000}, "times is 1000; it must be 0 or more, and at most 100"),
    ("pace", {"times": "2"}, "it must be a number"),
    ("pace", {"times": math.nan}, "times is nan"),
    ("pace", {"times": 8}, "sends 300 requests a second in time, so it may be at most 7.5"),
    ("send", {"count": 0}, "count is 0; it must lie between 1 and 10,000"),
    ("send", {"count": 10_001}, "count is 10001"),
    ("send", {"count": 1.5}, "it must be a whole number"),
    ("send", {"to": "payments"}, "the load does not ask 'payments'; it asks checkout"),
    ("send", {"path": "x"}, "it must begin with /"),
    ("send", {"path": "/\r\nHost: x"}, "it may hold no line ends"),
    ("send", {"method": "BREW"}, "it may be GET, POST, PUT, DELETE"),
    ("send", {"at_s": 1}, "no field 'at_s'"),
    ("heal", {"fault": 1}, "it cannot heal; it can pace and send"),
    ("fly", {}, "do is 'fly'"),
]


def test_what_cannot_be_done_is_refused_and_does_no_harm() -> None:
    """Each command by its number, a line that is no command with none; all else is as drawn."""
    with steered() as here:
        here.hears("request")
        for do, fields, why in REFUSED:
            assert why in here.asks(do, **fields)
        for line in ("", "pace", "[]", "[" * 50_000, '{"do":"pace","times":2}', "x" * 200_000):
            here.log.answers.pop(None, None)
            here.write(line)
            while None not in here.log.answers:
                here.hear()
        requests = here.ended()
    assert [one.intended_s for one in requests] == [
        one.at_s for one in EVEN.arrivals(SEED, LASTS_S)
    ]


def test_what_comes_when_the_load_is_over_is_refused() -> None:
    """It waits for its last answers, and sends nothing any more."""
    slow = Paced(rate_rps=5, to="checkout", path="/silent", timeout_ms=2000)
    with steered(slow, lasts_s=1) as here:
        here.hears("second")
        why = here.asks("send", count=1)
        assert "the load is over" in why
        requests = here.ended()
    assert by_hand(requests) == []


def test_a_load_that_nobody_steers_reads_nothing() -> None:
    """A plain run is what it was: no answer, and an end with its last request."""
    load = Paced(rate_rps=RATE, to="checkout", end_s=0.5)
    with (
        server() as running,
        generator(environment(load, running.server_port, CHAOSLAB_DURATION_S="60")) as process,
    ):
        here = Steered(process, running)
        here.write('{"id": 1, "do": "send"}')
        requests = here.ended()
    assert here.log.answers == {}
    assert here.log.end_s < LIMIT_S
    assert [one.number for one in requests] == [one.number for one in load.arrivals(SEED, 60)]
