"""The running containers as a person who plays with them sees them: looked at as a whole."""

import asyncio
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from docker.errors import APIError

from harness.engines.compose.loadlog import LoadLog
from harness.engines.compose.prometheus import HANDOVER_S, Prometheus, ScrapeLog
from harness.engines.compose.render import LOAD
from harness.engines.compose.system import ANSWER_LIMIT_S, Containers
from harness.engines.real_time import HostSeen, LinkSeen
from harness.errors import EnvironmentNotReadyError, FaultNotAppliedError
from harness.model.fault import Clock
from harness.model.operations import Operation, Pace, SendNow
from harness.recording import SeriesKey

CUT_LIMIT_S = 5.0
LOOK_S = 0.02


class WatchedContainers(Containers):
    """As faults see them, and as a whole: one question to the engine, one to Toxiproxy."""

    prometheus: Prometheus
    scrapes: ScrapeLog
    load: LoadLog
    """All three are put here by the run, once it has them."""

    async def hosts_now(self) -> Mapping[str, HostSeen]:
        """Look at all hosts.

        Raises:
            EnvironmentNotReadyError: the engine does not answer.

        """
        try:
            states = await asyncio.to_thread(self._stack.states)
        except APIError as error:
            raise EnvironmentNotReadyError(f"the Docker engine refused: {error}") from error
        return {host: self._seen(host, states.get(host, "")) for host in self._asked}

    async def links_now(self) -> Mapping[str, LinkSeen]:
        """Look at all links."""
        proxies = await asyncio.to_thread(self._proxies.proxies)
        return {
            name: LinkSeen(up=proxy.enabled, toxics=tuple(one.name for one in proxy.toxics))
            for name, proxy in proxies.items()
        }

    async def series(self, first: int, last: int) -> Mapping[SeriesKey, list[float]]:
        """Read the samples of these seconds; none before Prometheus itself scrapes."""
        since_s = self.now() + self.load.t0_s - self.scrapes.at_s
        if not since_s > HANDOVER_S:  # NaN before it came
            return {}
        return await self.prometheus.between(self.load.t0_s, first, last)

    async def pace(self, times: float) -> float:
        """Let the load come so many times as fast as drawn, and give from when on it does.

        Raises:
            FaultNotAppliedError: it cannot, or does not say so.

        """
        return await self._steer(Pace(times))

    async def send_now(self, count: int, *, to: str, path: str, method: str) -> None:
        """Let the load send requests beside those that were drawn.

        Raises:
            FaultNotAppliedError: it cannot, or does not say so.

        """
        await self._steer(SendNow(count=count, to=to, path=path, method=method))

    async def _steer(self, operation: Operation) -> float:
        """Put an operation into the load's standard input, and wait for its answer on its log."""
        send = partial(self._send, LOAD, operation.to_json())
        number = await self._on_host(operation.do, LOAD, send)
        give_up_s = self.now() + ANSWER_LIMIT_S
        while (answer := self.load.answers.pop(number, None)) is None:
            if not math.isnan(self.load.end_s):
                raise FaultNotAppliedError("the load is over; open a longer run")
            if self.now() > give_up_s:
                raise FaultNotAppliedError(
                    f"the load did not answer within {ANSWER_LIMIT_S:g} s: is the machine busy?"
                )
            await asyncio.sleep(LOOK_S)
        if isinstance(answer, str):
            raise FaultNotAppliedError(answer)
        return answer

    async def end_load(self) -> float:
        """Let the load end in a moment, and give which moment of the run that is.

        Raises:
            EnvironmentNotReadyError: it does not say when.

        """
        await self._on_host("end", LOAD, lambda: self._stack.containers[LOAD].kill("SIGHUP"))
        give_up_s = self.now() + CUT_LIMIT_S
        while math.isinf(self.load.cut_s):  # its line is on its way
            if self.now() > give_up_s:
                raise EnvironmentNotReadyError("the load does not end: run again")
            await asyncio.sleep(LOOK_S)
        return self.load.cut_s

    def _seen(self, host: str, state: str) -> HostSeen:
        asked: Mapping[str, Any] = self._asked[host]
        return HostSeen(
            state=self._state(host, state),
            cpu=self._cpu.get(host, 1.0),
            clock=Clock(**asked["clock"]),
            disk_full=asked["disk_full"],
            changed=asked["changes"],
        )
