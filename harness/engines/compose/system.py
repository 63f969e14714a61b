"""The running containers as faults see them: the conductor's `System` in real time."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, TypeVar

from docker.errors import APIError

from harness.engines.compose.cannot import Cannot
from harness.engines.compose.channel import Channels
from harness.engines.compose.stack import Stack
from harness.engines.compose.toxics import Toxiproxy
from harness.errors import FaultNotAppliedError
from harness.model.fault import Clock, HostState, Setting, ToxicSpec
from harness.model.lab import Lab

ANSWER_LIMIT_S = 5.0
AT_FIRST: Mapping[str, Any] = {"clock": asdict(Clock()), "changes": {}}
UP, DOWN = '{"event":"up"}', '{"event":"down"}'
T = TypeVar("T")
STATES = {"running": HostState.RUNNING, "paused": HostState.PAUSED}


class Containers(Cannot):
    """Breaks and mends hosts by the Docker API and their own processes, links by Toxiproxy's.

    Times count from the load's second 0.
    """

    def __init__(self, stack: Stack, proxies: Toxiproxy, lab: Lab, t0_s: float) -> None:
        self._stack = stack
        self._proxies = proxies
        self._lab = lab
        self._t0_s = t0_s
        self._down: set[str] = set()
        self._channels = Channels()
        self._asked: dict[str, dict[str, Any]] = {host: dict(AT_FIRST) for host in lab.hosts()}
        self._changed = asyncio.Condition()

    async def until(self, at_s: float) -> None:
        """Let time pass up to a moment of the run."""
        await asyncio.sleep(at_s - self.now())

    def now(self) -> float:
        """Seconds since the load's start."""
        return time.time() - self._t0_s

    async def pause(self, host: str) -> None:
        """Freeze a host's processes, unless they are frozen or gone."""
        if await self.state(host) is HostState.RUNNING:
            await self._on_host("pause", host, self._stack.containers[host].pause)

    async def resume(self, host: str) -> None:
        """Thaw a host's processes, if they are frozen."""
        if await self.state(host) is HostState.PAUSED:
            await self._on_host("resume", host, self._stack.containers[host].unpause)

    async def kill(self, host: str) -> None:
        """End a host's process with SIGKILL, and hear from its supervisor that it is gone."""
        if host not in self._down:
            await self._signal("kill", host, "SIGUSR1", until_down=True)

    async def start(self, host: str) -> None:
        """Start a host's process again, on the volume that it had; it serves a little later."""
        if host in self._down:
            await self._signal("start", host, "SIGUSR2", until_down=False)

    async def state(self, host: str) -> HostState:
        """Read back what a host is doing now."""
        container = self._stack.containers[host]
        await self._on_host("inspect", host, container.reload)
        if host in self._down:
            return HostState.DOWN
        return STATES.get(container.status, HostState.DOWN)

    async def set_clock(self, host: str, clock: Clock) -> None:
        """Let a host's processes read a wrong time, or the right one."""
        await self._tell(host, clock=asdict(clock))

    async def clock(self, host: str) -> Clock:
        """Read back from a host's process how wrong the time is that it reads."""
        return Clock(**(await self._tell(host))["clock"])

    async def configure(self, host: str, changes: Mapping[str, Setting]) -> None:
        """Change live settings of a host's process, and put all others back."""
        await self._tell(host, changes=dict(changes))

    async def configured(self, host: str) -> Mapping[str, Setting]:
        """Read back from a host's process the settings that were changed."""
        changes: dict[str, Setting] = (await self._tell(host))["changes"]
        return changes

    async def behind(self, name: str) -> Collection[str]:
        """Give the hosts that answer to a name."""
        return self._lab.behind(name)

    async def links(self) -> Collection[str]:
        """Give every link's name, `caller->callee`."""
        return list(await asyncio.to_thread(self._proxies.proxies))

    async def add_toxic(self, link: str, toxic: ToxicSpec) -> None:
        """Put a toxic on a link, for live connections and new ones."""
        await asyncio.to_thread(self._proxies.add, link, toxic)

    async def remove_toxic(self, link: str, name: str) -> None:
        """Take a toxic off a link."""
        await asyncio.to_thread(self._proxies.remove, link, name)

    async def toxics(self, link: str) -> Collection[str]:
        """Read back the names of the toxics on a link."""
        proxy = await asyncio.to_thread(self._proxies.proxy, link)
        return {toxic.name for toxic in proxy.toxics}

    async def set_link(self, link: str, *, up: bool) -> None:
        """Let a link listen, or refuse connects and end its live connections."""
        await asyncio.to_thread(self._proxies.enable, link, enabled=up)

    async def link_up(self, link: str) -> bool:
        """Read back whether a link listens."""
        proxy = await asyncio.to_thread(self._proxies.proxy, link)
        return proxy.enabled

    async def heard(self, host: str, line: str) -> None:
        """Take note of what a host's supervisor says of its process."""
        async with self._changed:
            if line == DOWN:
                self._down.add(host)
            elif line == UP:
                self._down.discard(host)
            self._channels.hear(line)
            self._changed.notify_all()

    async def _tell(self, host: str, **command: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
        """Have a host's process do something, if anything, and give what it says of itself then.

        Of a host that is down this is what was asked of it, which its next process will take over.
        """
        asked = self._asked[host]
        asked |= command
        number = -1
        if command or host not in self._down:
            number = await self._on_host("tell", host, partial(self._send, host, command))
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S), self._changed:
                await self._changed.wait_for(
                    lambda: host in self._down or self._channels.answered(number)
                )
        except TimeoutError:
            raise FaultNotAppliedError(
                f"{host} did not answer its control channel within {ANSWER_LIMIT_S:g} s: "
                "is it frozen or busy?"
            ) from None
        answer = self._channels.take(number) or asked
        if "error" in answer:
            raise FaultNotAppliedError(f"{host}: {answer['error']}")
        return answer

    def _send(self, host: str, command: Mapping[str, Any]) -> int:
        return self._channels.send(self._stack.containers[host], command)

    async def _signal(self, verb: str, host: str, signal: str, *, until_down: bool) -> None:
        await self._on_host(verb, host, lambda: self._stack.containers[host].kill(signal))
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S), self._changed:
                await self._changed.wait_for(lambda: (host in self._down) is until_down)
        except TimeoutError:
            raise FaultNotAppliedError(
                f"{verb} {host}: its supervisor said nothing for {ANSWER_LIMIT_S:g} s"
            ) from None

    async def _on_host(self, verb: str, host: str, call: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(call)
        except APIError as error:
            raise FaultNotAppliedError(f"{verb} {host}: {error.explanation or error}") from error
