"""The load in its container: an open loop in one Locust user, which sleeps to each arrival.

Started as a module, it waits until its target answers, prints the run's second 0, sends every
arrival at its time whatever became of those before, and prints what came of each. Several
processes take turns with the arrivals where one would be late.

Environment: `CHAOSLAB_LOAD` (JSON), `CHAOSLAB_SEED`, `CHAOSLAB_DURATION_S`, `CHAOSLAB_TARGETS`
(JSON: the base URL of each service that is asked), `CHAOSLAB_WORKERS` (how many processes, at most
one a core); with `CHAOSLAB_WAIT=1` it starts at SIGUSR1 and not by itself. At SIGUSR2 it prints
what its clock reads. At SIGHUP it sends no more in a moment, and sees through what it has sent.

With `CHAOSLAB_STEERED=1` it takes commands on standard input (`load_commands.py`), and lasts as
long as it may take them: to the end of its duration, whether or not anybody is still there.
"""

import http.client
import json
import math
import os
import signal
import sys
import time
from collections.abc import Collection, Mapping
from typing import Any

import gevent
from gevent.event import AsyncResult, Event
from gevent.pool import Pool
from gevent.socket import wait_read
from locust import User, task
from locust.env import Environment

from harness.engines.compose.crew import Crew
from harness.engines.compose.load_commands import WORKER_RPS, lines, numbered, operation_of
from harness.engines.compose.load_connections import Connections, outcome, quoted, reach
from harness.engines.compose.loadlog import (
    clock_line,
    cut_line,
    end_line,
    ready_line,
    refused_line,
    request_line,
    second_line,
    start_line,
    steered_line,
)
from harness.engines.compose.machine import boot_id
from harness.errors import LabError
from harness.model.loads import load_from_json
from harness.model.operations import Operation, Pace, SendNow, operation_from_json
from harness.model.send import Arrival, body_of
from harness.model.steered_load import EXTRA, SteeredLoad
from harness.recording import asked, root_context
from services.tracing import HEADER

LEAD_S = 0.5
"""From the announcement of second 0 to second 0: the harness must hear of it before."""
CUT_S = 0.5
"""From the word that the load is cut to its end, at a whole second: all processes must hear of it
before."""
LINE_S = 0.05
"""How long another process of the load may take to tell of an answer, or to hear of a command."""
IN_FLIGHT_LIMIT = 8000
"""Of all processes. Beyond it one would run out of file descriptors, so an arrival is not sent."""


class OpenLoop:
    """One run of the load; its own errors end up in `over`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        load = load_from_json(json.loads(environment["CHAOSLAB_LOAD"]))
        self._seed = int(environment["CHAOSLAB_SEED"])
        duration_s = float(environment["CHAOSLAB_DURATION_S"])
        self._load = SteeredLoad(load, self._seed, duration_s)
        self._load.draw_ahead()
        self._keeps = load.keeps_answers()
        self._peak_rps = load.peak_rps(duration_s)
        self._targets: dict[str, str] = json.loads(environment["CHAOSLAB_TARGETS"])
        self._pools: dict[str, Connections] = {}
        self._duration_s = duration_s
        self._t0_s = math.nan
        self._wall_s = math.nan
        """How far the wall clock was ahead of the monotonic one at the start."""
        self.over: AsyncResult[None] = AsyncResult()
        self.go = Event()
        self._is_steered = environment.get("CHAOSLAB_STEERED") == "1"
        self._changed = Event()
        """Set when something else is to be sent, or something earlier."""
        self._cut_s = math.inf
        self._sent = 0
        workers = int(environment.get("CHAOSLAB_WORKERS", "1"))
        self._crew = Crew(workers, self.over.set_exception)
        self._load.share(self._crew.index, self._crew.size)
        self._in_flight = Pool(IN_FLIGHT_LIMIT // self._crew.size)
        if environment.get("CHAOSLAB_WAIT") != "1":
            self.go.set()

    def run(self) -> None:
        """Wait for the targets and the signal, send this process's share and see it through."""
        self._pools = {name: reach(url) for name, url in self._targets.items()}
        crew = self._crew
        self._t0_s = self._start() if crew.first else crew.await_start(self._hear)
        self._wall_s = time.time() - time.monotonic()
        if crew.first:
            for beside in (self._count, self._obey) if self._is_steered else (self._count,):
                gevent.spawn(beside).link_exception(self.over)
        while (arrival := self._await_next()) is not None:
            self._ask(arrival)
        self._in_flight.join()
        if not crew.first:
            crew.report(self._sent)
            return
        sent = crew.await_others() + self._sent
        jumped_s = time.time() - time.monotonic() - self._wall_s
        crew.say(end_line(self._now(), sent, jumped_s))

    def targets(self) -> Collection[str]:
        """Name the services that the load asks."""
        return self._targets

    def tell_clock(self) -> None:
        """Print what the clock reads."""
        self._crew.say(clock_line(time.time(), boot_id()))

    def end_early(self) -> None:
        """Send nothing more from a second on that is to come, and say which."""
        if self._crew.first and not math.isnan(self._wall_s) and math.isinf(self._cut_s):
            cut_s = float(math.ceil(self._now() + CUT_S))
            if cut_s < self._duration_s:
                self._crew.tell(cut_s=cut_s)
                self._cut_at(cut_s)
            self._crew.say(cut_line(min(cut_s, self._duration_s)))

    def _cut_at(self, at_s: float) -> None:
        self._cut_s = at_s
        self._changed.set()

    def _hear(self, told: Mapping[str, Any]) -> None:
        """Hear from the first process what is asked of the load."""
        if "cut_s" in told:
            self._cut_at(told["cut_s"])
        else:
            self._steer(told["at_s"], operation_from_json(told["operation"]))

    def _await_next(self) -> Arrival | None:
        """Wait for the next arrival that is to be sent; None when none can come any more."""
        while True:
            self._changed.clear()
            arrival, ends_s = self._load.due(), min(self._duration_s, self._cut_s)
            if arrival is not None and arrival.at_s < ends_s:
                if self._is_there(arrival.at_s):
                    self._load.take()
                    return arrival
            elif not self._is_steered or self._is_there(ends_s):
                return None

    def _is_there(self, at_s: float) -> bool:
        """Wait for a moment of the run; give up when something has changed before it."""
        gevent.sleep(0)  # a load that is behind must hear of answers, too
        while (left_s := at_s - self._now()) > 0 and not self._changed.is_set():
            self._changed.wait(left_s)
        return not self._changed.is_set()

    def _ask(self, arrival: Arrival) -> None:
        """Send a request, unless too many are under way."""
        self._sent += 1
        if self._in_flight.full():
            self._crew.say(request_line(asked(arrival, math.nan, math.nan, "unsent")))
        else:
            sending = self._in_flight.spawn(self._send, self._pools[arrival.to], arrival)
            sending.link_exception(self.over)

    def _obey(self) -> None:
        """Do what lines of standard input ask for, or say why not, one after the other."""
        for line in lines(_read_input):
            number, command = numbered(line)
            try:
                operation = operation_of(number, command, self)
                at_s = self._moment_for(operation)
            except LabError as error:
                self._crew.say(refused_line(number, str(error)))
                continue
            self._crew.tell(at_s=at_s, operation=operation.to_json())
            self._crew.say(steered_line(number, at_s, operation))
            self._steer(at_s, operation)

    def _moment_for(self, operation: Operation) -> float:
        """Give the moment from which on something is done: now, or when all processes know.

        Raises:
            LabError: nothing is sent any more by then, or it is more than they can send.

        """
        soon_s = self._now() + (LINE_S if self._crew.size > 1 else 0.0)
        at_s = max(0.0, math.ceil(1000 * soon_s) / 1000)  # people read it
        if at_s >= min(self._duration_s, self._cut_s):
            raise LabError("the load is over; open a longer run")
        if isinstance(operation, Pace):
            self._refuse_faster(operation.times)
        return at_s

    def _refuse_faster(self, times: float) -> None:
        """Refuse a pace at which requests would be sent later and later."""
        most_rps = self._crew.size * WORKER_RPS
        if times > 1 and times * self._peak_rps > most_rps:
            most = max(1.0, math.floor(100 * most_rps / self._peak_rps) / 100)
            raise LabError(
                f"times is {times:g}; on this machine the load sends {most_rps} requests a second "
                f"in time, so it may be at most {most:g}"
            )

    def _steer(self, at_s: float, operation: Operation) -> None:
        """Do it from a moment on, in this process."""
        match operation:
            case Pace(times=times):
                self._load.pace(at_s, times)
                self._changed.set()
            case SendNow():
                self._burst(at_s, operation)

    def _burst(self, at_s: float, of: SendNow) -> None:
        """Send this process's share; requests of one service may be long to find."""
        drawn = self._load.by_hand(at_s, of.count, to=of.to, path=of.path, method=of.method)
        arrivals = gevent.get_hub().threadpool.apply(list, (drawn,))
        gevent.sleep(max(0.0, at_s - self._now()))
        for arrival in arrivals[self._crew.index :: self._crew.size]:
            self._ask(arrival)

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
        self._crew.tell(t0_s=t0_s)
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
        path = arrival.path if arrival.number < EXTRA else quoted(arrival.path)
        try:
            with gevent.Timeout(arrival.timeout_ms / 1000):
                code, body = connections.send(arrival.method, path, headers, body_of(arrival))
            status, answered_s = str(code), self._now()
        except http.client.InvalidURL:
            raise  # a mistake in the lab, and no answer of a server
        except (OSError, http.client.HTTPException, gevent.Timeout) as error:
            status = outcome(error)
        answer = body.decode(errors="replace") if self._keeps else ""
        self._crew.say(request_line(asked(arrival, sent_s, answered_s, status, answer)))


def _read_input(most: int) -> bytes:
    """Read what has come on standard input; only the greenlet that asks waits for it."""
    wait_read(sys.stdin.fileno())
    return os.read(sys.stdin.fileno(), most)


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
