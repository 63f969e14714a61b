"""The running containers as faults see them: the conductor's `System` in real time."""

import asyncio
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, TypeVar

from docker.errors import APIError

from harness.engines.compose.cannot import Cannot
from harness.engines.compose.channel import Channels
from harness.engines.compose.stack import Stack
from harness.engines.compose.supervisor import CRASHED, DOWN, KILL, START, STOP, UP
from harness.engines.compose.toxics import Toxiproxy
from harness.errors import FaultNotAppliedError
from harness.model.fault import Clock, HostState, Setting, ToxicSpec
from harness.model.lab import Lab

ANSWER_LIMIT_S = 5.0
AT_FIRST: Mapping[str, Any] = {"clock": asdict(Clock()), "changes": {}, "disk_full": False}
QUOTA_US = 1000
"""The shortest that the kernel takes, so that short work is slowed down too."""
NO_QUOTA = -1
MIB = 2**20
T = TypeVar("T")
STATES = {"running": HostState.RUNNING, "paused": HostState.PAUSED}


class Containers(Cannot):
    """Breaks and mends hosts by the Docker API and their own processes, links by Toxiproxy's.

    Times count from the load's second 0, on a clock that nobody sets.
    """

    def __init__(self, stack: Stack, proxies: Toxiproxy, lab: Lab, start_s: float) -> None:
        self._stack = stack
        self._proxies = proxies
        self._lab = lab
        self._start_s = start_s
        """The load's second 0, as `time.monotonic` counts."""
        self._down: set[str] = set()
        """Hosts without a process, and of these those that stay so until they are started."""
        self._held: set[str] = set()
        self._stopping: dict[str, asyncio.TimerHandle] = {}
        self._cpu: dict[str, float] = {}
        self._memory: dict[str, tuple[int, int]] = {}
        """What hosts had at first, in bytes: without swap, and with it."""
        self._channels = Channels()
        self._asked: dict[str, dict[str, Any]] = {host: dict(AT_FIRST) for host in lab.hosts()}
        self._changed = asyncio.Condition()

    async def until(self, at_s: float) -> None:
        """Let time pass up to a moment of the run."""
        await asyncio.sleep(at_s - self.now())

    def now(self) -> float:
        """Seconds since the load's start."""
        return time.monotonic() - self._start_s

    async def pause(self, host: str) -> None:
        """Freeze a host's processes, unless they are frozen or gone."""
        if await self.state(host) is HostState.RUNNING:
            self._stack.expect(host, "pause")
            await self._on_host("pause", host, self._stack.containers[host].pause)

    async def resume(self, host: str) -> None:
        """Thaw a host's processes, if they are frozen."""
        if await self.state(host) is HostState.PAUSED:
            self._stack.expect(host, "unpause")
            await self._on_host("resume", host, self._stack.containers[host].unpause)

    async def kill(self, host: str) -> None:
        """End a host's process with SIGKILL, and hear from its supervisor that it is gone."""
        if host not in self._held:
            await self._signal("kill", host, KILL, lambda: host in self._held)

    async def stop(self, host: str, grace_s: float) -> None:
        """Ask a host's process to end, with SIGTERM; kill what is left of it after `grace_s`.

        One that is frozen is let alone: it could not take the signal.
        """
        if host in {*self._held, *self._stopping} or await self.state(host) is HostState.PAUSED:
            return
        loop = asyncio.get_running_loop()
        kill = partial(self._stack.containers[host].kill, KILL)
        # Nobody waits for it, and its end is heard as any other.
        self._stopping[host] = loop.call_later(grace_s, loop.run_in_executor, None, kill)
        await self._on_host("stop", host, lambda: self._stack.containers[host].kill(STOP))

    async def start(self, host: str) -> None:
        """Start a host's process again, on the volume that it had; it serves a little later."""
        if host in self._stopping:
            await self.kill(host)
        if host in self._down:
            await self._signal("start", host, START, lambda: host not in self._down)

    async def state(self, host: str) -> HostState:
        """Read back what a host is doing now."""
        container = self._stack.containers[host]
        await self._on_host("inspect", host, container.reload)
        return self._state(host, container.status)

    def _state(self, host: str, status: str) -> HostState:
        """Tell a host's state by its container's, and by what its supervisor has said."""
        if host in self._down:
            return HostState.DOWN
        if status == "running" and host in self._stopping:
            return HostState.STOPPING
        return STATES.get(status, HostState.DOWN)

    async def set_clock(self, host: str, clock: Clock) -> None:
        """Let a host's processes read a wrong time, or the right one."""
        await self._tell(host, clock=asdict(clock))

    async def clock(self, host: str) -> Clock:
        """Read back from a host's process how wrong the time is that it reads."""
        return Clock(**(await self._tell(host))["clock"])

    async def set_cpu(self, host: str, factor: float) -> None:
        """Give a host's container so much less CPU time, in turns of a few milliseconds."""
        self._cpu[host] = factor
        quota_us = QUOTA_US if factor > 1 else NO_QUOTA
        update = partial(
            self._stack.containers[host].update,
            cpu_period=round(QUOTA_US * factor),
            cpu_quota=quota_us,
        )
        self._stack.expect(host, "update")
        await self._on_host("slow down", host, update)

    async def cpu(self, host: str) -> float:
        """Read back the factor from the engine, as it was given if it is that to the µs."""
        given = await self._given(host)
        quota_us, period_us = (given[key] for key in ("CpuQuota", "CpuPeriod"))
        if quota_us <= 0:
            return 1.0
        asked = self._cpu.get(host, math.nan)
        there = period_us / quota_us
        return asked if round(QUOTA_US * asked) == round(QUOTA_US * there) else there

    async def set_memory(self, host: str, limit_mib: int | None) -> None:
        """Limit what a host's container may take, with nothing to swap to, or lift that."""
        had = await self._given(host)
        at_first = self._memory.setdefault(host, (had["Memory"], had["MemorySwap"]))
        memory, with_swap = (limit_mib * MIB,) * 2 if limit_mib else at_first
        update = partial(
            self._stack.containers[host].update, mem_limit=memory, memswap_limit=with_swap
        )
        self._stack.expect(host, "update")
        await self._on_host("limit the memory of", host, update)

    async def memory(self, host: str) -> int | None:
        """Read back the limit from the engine; None when it is that of the start."""
        memory: int = (await self._given(host))["Memory"]
        return None if memory == self._memory.get(host, (memory,))[0] else memory // MIB

    async def set_disk_full(self, host: str, *, full: bool) -> None:
        """Fill a host's volume to the last byte, or make room."""
        await self._tell(host, disk_full=full)

    async def disk_full(self, host: str) -> bool:
        """Read back from a host's process whether a write is refused."""
        full: bool = (await self._tell(host))["disk_full"]
        return full

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
            if line == DOWN or CRASHED.fullmatch(line):
                self._down.add(host)
                if grace := self._stopping.pop(host, None):
                    grace.cancel()
            if line == DOWN:
                self._held.add(host)
            elif line == UP:
                self._down.discard(host)
                self._held.discard(host)
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

    async def _given(self, host: str) -> Mapping[str, Any]:
        """Read back from the engine what a host's container may take."""
        container = self._stack.containers[host]
        await self._on_host("inspect", host, container.reload)
        given: Mapping[str, Any] = container.attrs["HostConfig"]
        return given

    async def _signal(self, verb: str, host: str, signal: str, done: Callable[[], bool]) -> None:
        if await self.state(host) is HostState.PAUSED:
            self._stack.expect(host, "unpause")  # the engine thaws what it sends a signal
        await self._on_host(verb, host, lambda: self._stack.containers[host].kill(signal))
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S), self._changed:
                await self._changed.wait_for(done)
        except TimeoutError:
            raise FaultNotAppliedError(
                f"{verb} {host}: its supervisor said nothing for {ANSWER_LIMIT_S:g} s"
            ) from None

    async def _on_host(self, verb: str, host: str, call: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(call)
        except APIError as error:
            raise FaultNotAppliedError(f"{verb} {host}: {error.explanation or error}") from error
