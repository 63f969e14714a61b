"""The running containers as faults see them: the conductor's `System` in real time."""

import asyncio
import time
from collections.abc import Callable, Collection

from docker.errors import APIError

from harness.engines.compose.cannot import Cannot
from harness.engines.compose.stack import Stack
from harness.engines.compose.toxics import Toxiproxy
from harness.errors import FaultNotAppliedError
from harness.model.fault import HostState, ToxicSpec

ANSWER_LIMIT_S = 5.0
UP, DOWN = '{"event":"up"}', '{"event":"down"}'
STATES = {"running": HostState.RUNNING, "paused": HostState.PAUSED}


class Containers(Cannot):
    """Breaks and mends hosts by the Docker API and links by Toxiproxy's.

    Times count from the load's second 0.
    """

    def __init__(self, stack: Stack, proxies: Toxiproxy, t0_s: float) -> None:
        self._stack = stack
        self._proxies = proxies
        self._t0_s = t0_s
        self._down: set[str] = set()
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
            self._changed.notify_all()

    async def _signal(self, verb: str, host: str, signal: str, *, until_down: bool) -> None:
        await self._on_host(verb, host, lambda: self._stack.containers[host].kill(signal))
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S), self._changed:
                await self._changed.wait_for(lambda: (host in self._down) is until_down)
        except TimeoutError:
            raise FaultNotAppliedError(
                f"{verb} {host}: its supervisor said nothing for {ANSWER_LIMIT_S:g} s"
            ) from None

    async def _on_host(self, verb: str, host: str, call: Callable[[], object]) -> None:
        try:
            await asyncio.to_thread(call)
        except APIError as error:
            raise FaultNotAppliedError(f"{verb} {host}: {error.explanation or error}") from error
