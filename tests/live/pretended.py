"""Containers that are none: a run in a thread, as the engine makes it, whose clock a test moves."""

import asyncio
import json
import math
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.engines.protocol import Conductor, Plan
from harness.engines.real_time import HostSeen, LinkSeen, Listener
from harness.errors import FaultNotAppliedError, LabError
from harness.live import containers_session, live_run
from harness.live.messages import Labs
from harness.live.real_time_protocol import RealTimeSpeaker
from harness.model import Lab
from harness.model.fault import Clock, HostState, Setting, ToxicSpec
from harness.model.lab import Lab as AnyLab
from harness.model.operations import Operation, Pace, SendNow
from harness.recording import Recording, Request, SeriesKey
from harness.rows import Rows
from tests.live.test_live_session import HALL

LIMIT_S = 20
GAUGE = "requests_in_flight"
TOO_FAST = 99
"""A pace that this load refuses."""


class System:
    """What faults, looks and the end of the load need, kept in dictionaries."""

    def __init__(self, lab: AnyLab, listener: Listener) -> None:
        self._lab = lab
        self._listener = listener
        self.steered: list[Operation] = []
        """What the load was asked for."""
        self._now_s = 0.0
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []
        self._states = dict.fromkeys(lab.hosts(), HostState.RUNNING)
        self._changes: dict[str, dict[str, Setting]] = {host: {} for host in lab.hosts()}
        self._toxics: dict[str, list[str]] = {link.name: [] for link in lab.links()}
        self.cut_s = math.inf
        self.loop = asyncio.get_running_loop()

    def now(self) -> float:
        return self._now_s

    async def until(self, at_s: float) -> None:
        if self._now_s < at_s:
            there = self.loop.create_future()
            self._waiting.append((at_s, there))
            await there

    def move(self, to_s: float) -> None:
        """Let time pass; called in the run's loop."""
        self._now_s = to_s
        for at_s, there in self._waiting:
            if at_s <= to_s and not there.done():
                there.set_result(None)

    async def pause(self, host: str) -> None:
        self._states[host] = HostState.PAUSED

    async def resume(self, host: str) -> None:
        self._states[host] = HostState.RUNNING

    async def state(self, host: str) -> HostState:
        return self._states[host]

    async def configure(self, host: str, changes: Mapping[str, Setting]) -> None:
        self._changes[host] = dict(changes)

    async def configured(self, host: str) -> Mapping[str, Setting]:
        return self._changes[host]

    async def behind(self, name: str) -> Collection[str]:
        return self._lab.behind(name)

    async def links(self) -> Collection[str]:
        return list(self._toxics)

    async def add_toxic(self, link: str, toxic: ToxicSpec) -> None:
        self._toxics[link].append(toxic.name)

    async def remove_toxic(self, link: str, name: str) -> None:
        self._toxics[link].remove(name)

    async def toxics(self, link: str) -> Collection[str]:
        return self._toxics[link]

    async def hosts_now(self) -> Mapping[str, HostSeen]:
        return {
            host: HostSeen(
                state=state, cpu=1.0, clock=Clock(), disk_full=False, changed=self._changes[host]
            )
            for host, state in self._states.items()
        }

    async def links_now(self) -> Mapping[str, LinkSeen]:
        return {
            link: LinkSeen(up=True, toxics=tuple(names)) for link, names in self._toxics.items()
        }

    async def series(self, first: int, last: int) -> Mapping[SeriesKey, list[float]]:
        return {SeriesKey("back", GAUGE, ""): [7.0] * (last - first + 1)}

    async def pace(self, times: float) -> float:
        return self._steer(Pace(times))

    async def send_now(self, count: int, *, to: str, path: str, method: str) -> None:
        self._steer(SendNow(count=count, to=to, path=path, method=method))

    def _steer(self, operation: Operation) -> float:
        if operation == Pace(TOO_FAST):
            raise FaultNotAppliedError("times is too fast")
        self.steered.append(operation)
        self._listener.steered(self._now_s, operation)
        return self._now_s

    async def end_load(self) -> float:
        self.cut_s = float(math.ceil(self._now_s))
        return self.cut_s


class Run:
    """Stands in for `StoppableRun`."""

    made: list["Run"]
    fails: Exception | None = None
    removes: threading.Event
    """Set where its containers may go at the end."""

    def __init__(self, plan: Plan, conduct: Conductor, listener: Listener) -> None:
        self.plan, self.conduct, self.listener = plan, conduct, listener
        self.system: System
        self.began = threading.Event()
        self._stopped = threading.Event()
        self._requests: list[Request] = []
        self.made.append(self)

    def record(self, folder: Path) -> Recording:
        assert folder.is_dir()
        self.listener.step("starting containers")
        if self.fails:
            raise self.fails
        faults = asyncio.run(self._go())
        assert self.removes.wait(LIMIT_S)
        if self._stopped.is_set():
            raise KeyboardInterrupt
        return Recording(
            lab=self.plan.slug,
            variant=self.plan.variant.name,
            seed=self.plan.seed,
            engine="compose",
            duration_s=min(self.plan.lab.duration_s, self.system.cut_s),
            requests=Rows(Request, self._requests),
            faults=faults,
        )

    def stop(self) -> None:
        self._stopped.set()
        if self.began.is_set():
            self.system.loop.call_soon_threadsafe(self._task.cancel)

    async def _go(self) -> Any:
        self.system = System(self.plan.lab, self.listener)
        self._task = asyncio.ensure_future(self.conduct(self.system))  # type: ignore[arg-type]
        self.system.loop.call_soon(self.began.set)
        try:
            return await self._task
        except asyncio.CancelledError:
            return []

    def inside(self, act: Callable[[], object]) -> None:
        """Do something in the run's loop, and wait until it is done."""

        async def do() -> None:
            act()
            for _ in range(5):  # what it wakes goes on as far as it can
                await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(do(), self.system.loop).result(LIMIT_S)

    def move(self, to_s: float) -> None:
        """Let time pass up to a moment."""
        self.inside(lambda: self.system.move(to_s))

    def answer(self, number: int, status: str, due_s: float | None = None) -> None:
        """Let a request of the load end now."""
        now_s = self.system.now()
        good_s = now_s if status.isdigit() else math.nan
        due_s = now_s if due_s is None else due_s
        request = Request(number, "/", due_s, due_s, good_s, status, to="front")
        self._requests.append(request)
        self.inside(lambda: self.listener.request(request))


class Page:
    """A page that speaks to a session on containers which are none."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        labs = Labs(names=(("hall", "A hall"),), find=_find, lesson=lambda _: None)
        self.speaker = RealTimeSpeaker(self._hear, labs)

    def _hear(self, message: dict[str, Any]) -> None:
        self.told.append(json.loads(json.dumps(message, allow_nan=False)))

    def send(self, do: str, **fields: Any) -> list[dict[str, Any]]:
        """Send a command that is taken, and give all that is told for it."""
        *before, last = self._said(do, fields)
        assert last == {"say": "ok", "id": 7}, last
        return before

    def refused(self, do: str, **fields: Any) -> str:
        """Send a command that is refused, and give the reason."""
        (last,) = self._said(do, fields)
        assert last["say"] == "refused"
        assert "\n" not in last["why"]
        return str(last["why"])

    def _said(self, do: str, fields: dict[str, Any]) -> list[dict[str, Any]]:
        self.told.clear()
        self.speaker.take(json.dumps({"do": do, "id": 7, **fields}))
        return list(self.told)

    def opened(self, **experiment: Any) -> dict[str, Any]:
        whole = {"lab": "hall", "variant": "naive", "script": [], **experiment}
        return self.send("open", experiment=whole)[0]

    def act(self, do: str, **fields: Any) -> dict[str, Any]:
        """Do an operation, and return the messages that follow."""
        return self.send("act", operation={"do": do, **fields})[0]

    def played(self) -> Run:
        """Play, and wait until the load is there."""
        self.send("play")
        assert Run.made[-1].began.wait(LIMIT_S)
        return Run.made[-1]

    def passed(self) -> list[dict[str, Any]]:
        """Let some time of the wall pass; give what is told by itself."""
        self.told.clear()
        self.speaker.pass_time(1)
        return list(self.told)

    def look(self) -> dict[str, Any]:
        return next(one for one in reversed(self.passed()) if one["say"] == "tick")

    def ended(self) -> list[dict[str, Any]]:
        """Wait until the run's thread has ended, and return the messages that follow."""
        for thread in threading.enumerate():
            if thread.name == containers_session.THREAD:
                thread.join(LIMIT_S)
                assert not thread.is_alive()
        return self.passed()


def _find(name: str) -> Lab:
    if name != "hall":
        raise LabError(f"no lab {name!r}; there is hall")
    return HALL


@contextmanager
def pretended(patch: pytest.MonkeyPatch, root: Path) -> Iterator[None]:
    """Let sessions have these containers, and keep their runs below a folder."""
    Run.made, Run.fails, Run.removes = [], None, threading.Event()
    Run.removes.set()
    patch.setattr(containers_session, "StoppableRun", Run)
    patch.setattr(containers_session, "why_not", lambda: None)
    patch.setattr(store, "RUNS", root / "runs")
    patch.setattr(live_run, "LOOK_S", 0.001)
    yield
    assert all(thread.name != containers_session.THREAD for thread in threading.enumerate())
