"""The load in its container: an open loop in one Locust user, which sleeps to each arrival.

Started as a module, it waits until its target answers, prints the run's second 0, sends every
arrival at its time whatever became of those before, and prints what came of each. Several
processes take turns with the arrivals where one would be late.

Environment: `CHAOSLAB_LOAD` (JSON), `CHAOSLAB_SEED`, `CHAOSLAB_DURATION_S`, `CHAOSLAB_TARGETS`
(JSON: the base URL of each service that is asked), `CHAOSLAB_WORKERS` (how many processes, at most
one a core); with `CHAOSLAB_WAIT=1` it starts at SIGUSR1 and not by itself. At SIGUSR2 it prints
what its clock reads. At SIGHUP it sends no more in a moment, and sees through what it has sent.
"""

import http.client
import json
import math
import os
import select
import signal
import socket
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import gevent
from gevent.event import AsyncResult, Event
from gevent.pool import Pool
from locust import User, task
from locust.env import Environment

from harness.engines.compose.crew import Crew
from harness.engines.compose.loadlog import (
    clock_line,
    cut_line,
    end_line,
    ready_line,
    request_line,
    second_line,
    start_line,
)
from harness.engines.compose.machine import boot_id
from harness.model.loads import load_from_json
from harness.model.send import Arrival, body_of
from harness.recording import asked, root_context
from services.tracing import HEADER

TARGET_LIMIT_S = 60.0
PROBE_S = 0.05
LEAD_S = 0.5
"""From the announcement of second 0 to second 0: the harness must hear of it before."""
CUT_S = 0.5
"""From the word that the load is cut to its end, at a whole second: all processes must hear of it
before."""
LINE_S = 0.05
"""How long another process of the load may take to tell of an answer."""
IN_FLIGHT_LIMIT = 8000
"""Of all processes. Beyond it one would run out of file descriptors, so an arrival is not sent."""


class Connections:
    """Kept-alive connections to one server, the last used first, as aiohttp's pool has them."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._idle: list[http.client.HTTPConnection] = []

    def send(
        self, method: str, path: str, headers: dict[str, str], sent: bytes | None = None
    ) -> tuple[int, bytes]:
        """Send a request, once and no more; give the answer's status and its whole body."""
        connection = self._take()
        done = False
        try:
            connection.request(method, path, sent, headers)
            response = connection.getresponse()
            body = response.read()
            done = True
        finally:
            if done and not response.will_close:
                self._idle.append(connection)
            else:
                connection.close()
        return response.status, body

    def _take(self) -> http.client.HTTPConnection:
        while self._idle:
            connection = self._idle.pop()
            if not _ended(connection):
                return connection
            connection.close()
        connection = http.client.HTTPConnection(self._host, self._port)
        try:
            connection.connect()
        except OSError as error:
            raise ConnectionRefusedError(str(error)) from error
        return connection


def _ended(connection: http.client.HTTPConnection) -> bool:
    """Say whether the other side has closed an idle connection: then there is an end to read."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def outcome(error: BaseException) -> str:
    """Name how a request ended without an answer, in the words of `services.context.outcome`."""
    match error:
        case gevent.Timeout():
            return "timeout"
        case ConnectionRefusedError():
            return "refused"
        case http.client.RemoteDisconnected():
            return "closed"
        case OSError():
            return "reset"
        case _:
            return "broken"


class OpenLoop:
    """One run of the load; its own errors end up in `over`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        load = load_from_json(json.loads(environment["CHAOSLAB_LOAD"]))
        self._seed = int(environment["CHAOSLAB_SEED"])
        duration_s = float(environment["CHAOSLAB_DURATION_S"])
        self._arrivals = list(load.arrivals(self._seed, duration_s))
        self._keeps = load.keeps_answers()
        self._targets: dict[str, str] = json.loads(environment["CHAOSLAB_TARGETS"])
        self._duration_s = duration_s
        self._t0_s = math.nan
        self._wall_s = math.nan
        """How far the wall clock was ahead of the monotonic one at the start."""
        self.over: AsyncResult[None] = AsyncResult()
        self.go = Event()
        self._cut = Event()
        self._cut_s = math.inf
        workers = int(environment.get("CHAOSLAB_WORKERS", "1"))
        self._crew = Crew(workers, self.over.set_exception)
        self._pool = Pool(IN_FLIGHT_LIMIT // self._crew.size)
        if environment.get("CHAOSLAB_WAIT") != "1":
            self.go.set()

    def run(self) -> None:
        """Wait for the targets and the signal, send this process's share and see it through."""
        pools = {name: _reach(url) for name, url in self._targets.items()}
        crew = self._crew
        self._t0_s = self._start() if crew.first else crew.await_start(self._cut_at)
        self._wall_s = time.time() - time.monotonic()
        if self._crew.first:
            gevent.spawn(self._count).link_exception(self.over)
        for arrival in self._arrivals[self._crew.index :: self._crew.size]:
            if not self._comes(arrival.at_s):
                break
            if self._pool.full():
                self._crew.say(request_line(asked(arrival, math.nan, math.nan, "unsent")))
            else:
                sending = self._pool.spawn(self._send, pools[arrival.to], arrival)
                sending.link_exception(self.over)
        self._pool.join()
        if self._crew.first:
            self._crew.await_others()
            jumped_s = time.time() - time.monotonic() - self._wall_s
            sent = sum(arrival.at_s < self._cut_s for arrival in self._arrivals)
            self._crew.say(end_line(self._now(), sent, jumped_s))

    def tell_clock(self) -> None:
        """Print what the clock reads."""
        self._crew.say(clock_line(time.time(), boot_id()))

    def end_early(self) -> None:
        """Send nothing more from a second on that is to come, and say which."""
        if self._crew.first and not (math.isnan(self._wall_s) or self._cut.is_set()):
            cut_s = float(math.ceil(self._now() + CUT_S))
            if cut_s < self._duration_s:
                self._crew.tell(cut_s)
                self._cut_at(cut_s)
            self._crew.say(cut_line(min(cut_s, self._duration_s)))

    def _cut_at(self, at_s: float) -> None:
        self._cut_s = at_s
        self._cut.set()

    def _comes(self, at_s: float) -> bool:
        """Wait until an arrival is due; say whether it is sent, or the load was cut before it."""
        self._cut.wait(max(0.0, at_s - self._now()))
        if at_s >= self._cut_s:
            return False
        gevent.sleep(max(0.0, at_s - self._now()))
        return True

    def _count(self) -> None:
        """Tell of each second when it is over, and of nothing of it after that."""
        for second in range(math.ceil(self._duration_s)):
            if second >= self._cut_s:
                return
            gevent.sleep(max(0.0, second + 1 + LINE_S - self._now()))
            self._crew.say(second_line(second))

    def _start(self) -> float:
        """Wait for the other processes and the signal, and tell all when the run's second 0 is."""
        self._crew.await_ready()
        self._crew.say(ready_line())
        self.go.wait()
        t0_s = time.time() + LEAD_S
        self._crew.tell(t0_s)
        self._crew.say(start_line(t0_s))
        return t0_s

    def _now(self) -> float:
        """Give the time of the run, which goes on as it did when the clock is set."""
        return time.monotonic() + self._wall_s - self._t0_s

    def _send(self, connections: Connections, arrival: Arrival) -> None:
        sent_s = self._now()
        answered_s = math.nan
        body = b""
        headers = {HEADER: root_context(self._seed, arrival.number).header()}
        try:
            with gevent.Timeout(arrival.timeout_ms / 1000):
                code, body = connections.send(
                    arrival.method, arrival.path, headers, body_of(arrival)
                )
            status, answered_s = str(code), self._now()
        except http.client.InvalidURL:
            raise  # a mistake in the lab, and no answer of a server
        except (OSError, http.client.HTTPException, gevent.Timeout) as error:
            status = outcome(error)
        answer = body.decode(errors="replace") if self._keeps else ""
        self._crew.say(request_line(asked(arrival, sent_s, answered_s, status, answer)))


def _reach(url: str) -> Connections:
    """Wait for a target; look its address up once, as every look-up costs a thread."""
    target = urlsplit(url)
    give_up_s = time.time() + TARGET_LIMIT_S
    while True:
        try:
            address = socket.gethostbyname(target.hostname or "")
            connections = Connections(address, target.port or 80)
            with gevent.Timeout(1):
                status, _ = connections.send("GET", "/healthz", {})
                if status == http.client.OK:
                    return connections
        except (OSError, http.client.HTTPException, gevent.Timeout) as error:
            if time.time() > give_up_s:
                raise TimeoutError(f"{url} does not answer: {error}") from None
        gevent.sleep(PROBE_S)


def main() -> None:
    """Run the load as Locust's one user; any error in it ends the process."""
    loop = OpenLoop(os.environ)
    gevent.signal_handler(signal.SIGUSR1, loop.go.set)
    gevent.signal_handler(signal.SIGUSR2, loop.tell_clock)
    gevent.signal_handler(signal.SIGHUP, loop.end_early)
    gevent.signal_handler(signal.SIGTERM, loop.over.set_exception, SystemExit(143))

    class Client(User):
        """The load's one user."""

        @task
        def everything(self) -> None:
            # In a greenlet of its own: a task that raises is called again by Locust, for ever.
            gevent.spawn(loop.run).link(loop.over)
            loop.over.wait()

    runner = Environment(user_classes=[Client]).create_local_runner()
    runner.start(1, spawn_rate=1)
    try:
        loop.over.get()
    finally:
        runner.quit()


if __name__ == "__main__":
    main()
