"""Hosts: a machine each, and on it one process of a service at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.machine import Core, Machine
from harness.engines.sim.notes import where
from harness.engines.sim.process import KERNEL, Process, ProcessState
from harness.errors import ChaoslabError, LabError
from harness.model.fault import HostState, Setting
from services.server import Served, SettingError

if TYPE_CHECKING:
    from services.context import Context

Serve = Callable[[Process, Core, Machine], Awaitable[Served | None]]
"""Starts a host's service in a new process, and gives it when it answers; None for a store."""

Tell = Callable[[str, Process, str], None]
"""Hears of a process that has crashed (`crash`), and how, and of one that is up again (`start`)."""


def _keep_quiet(event: str, process: Process, how: str) -> None:
    del event, process, how


class Host:
    """A host, over the processes that it runs one after the other."""

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        processes: dict[str, Process],
        machine: Machine,
        serve: Serve,
    ) -> None:
        self.machine = machine
        self.name = name
        self._loop = loop
        self._processes = processes
        self._serve = serve
        self.tell: Tell = _keep_quiet
        self._served: Served | None = None
        self._contexts: list[Context[Any]] = []
        self._process: Process
        self._core: Core
        self._again: asyncio.TimerHandle | None = None
        self._rebooting: asyncio.Task[None] | None = None

    async def boot(self) -> None:
        """Start a process, which finds the disk as the last one has left it.

        Raises:
            LabError: the service does not start.

        """
        before = self._processes.get(self.name)
        # One process at a time: nothing of the last one runs any more.
        assert before is None or before.state is ProcessState.DEAD, before
        process = Process(self.name, before.number + 1 if before else 0, wall=self.machine.wall)
        self._process = self._processes[self.name] = process
        process.quit = partial(self._quit, process)
        self._core = Core(self._loop, process, self.machine)
        self._served = None
        starting = self._loop.create_task(self._start(process), context=process.context())
        await asyncio.wait({starting})
        if error := starting.exception():
            if isinstance(error, ChaoslabError):
                raise error
            plain = isinstance(error, ImportError | SettingError)
            said = f"{error}" if plain else f"{type(error).__name__}: {error}{where(error)}"
            raise LabError(f"service {self.name} does not start: {said}") from error

    def state(self) -> HostState:
        """Say what the host is doing now."""
        match self._process.state:
            case ProcessState.DEAD:
                return HostState.DOWN
            case ProcessState.PAUSED:
                return HostState.PAUSED
            case ProcessState.RUNNING:
                return HostState.STOPPING if self._process.stopping else HostState.RUNNING

    def pause(self) -> None:
        """Hold the process's callbacks, and leave half done what its core works at."""
        if self._process.state is ProcessState.RUNNING:
            self._loop.gate()
            self._core.halt()
            self._process.state = ProcessState.PAUSED

    def resume(self) -> None:
        """Finish what the core was at, and run the callbacks that were held, in their order."""
        if self._process.state is ProcessState.PAUSED:
            self._process.state = ProcessState.RUNNING
            self._core.go_on()
            if not self._process.busy:
                self._loop.release(self._process)

    def kill(self) -> None:
        """Drop the process's tasks and close its sockets; the disk stays, and the host down."""
        self._stay_down()
        self._end(self._process)

    async def exit(self, process: Process, code: int) -> NoReturn:
        """End a process by its own will; it comes back if its service is to start again."""
        self._quit(process, f"ended with code {code}")
        await self._loop.create_future()
        raise AssertionError

    def stop(self, grace_s: float) -> None:
        """Ask the process to finish and to end; kill it when it has not after the grace time."""
        process = self._process
        self._stay_down()
        if process.state is ProcessState.DEAD or process.stopping:
            return
        process.stopping = True
        # Its port is closed, so nobody can scrape it any more.
        process.service = None
        self._loop.create_task(self._leave(process, self._served), context=process.context())
        self._loop.call_later(grace_s, self._end, process, context=KERNEL)

    async def start(self) -> None:
        """Start a process, unless one is there that is to stay."""
        self._stay_down()
        if self._process.stopping:
            self.kill()
        if self._process.state is ProcessState.DEAD:
            await self.boot()

    def set_cpu(self, factor: float) -> None:
        """Let work take longer by a factor, also what is left of work that is under way."""
        halted = self._process.state is not ProcessState.RUNNING
        self._core.halt()
        self.machine.cpu_factor = factor
        if not halted:
            self._core.go_on()

    def configure(self, changes: Mapping[str, Setting]) -> None:
        """Change live settings, of the process that is there and of those to come.

        Raises:
            SettingError: the service does not take them; none is changed.

        """
        if self._served:
            self._served.configure(changes)
        self.machine.changes = dict(changes)

    def configured(self) -> Mapping[str, Setting]:
        """Give the settings that were changed, as the process reads them."""
        return self._served.changed() if self._served else self.machine.changes

    def abandon(self) -> None:
        """Forget the clients of all processes, at the end of a run."""
        for context in self._contexts:
            context.abandon()

    async def _start(self, process: Process) -> None:
        found = self.machine.changes
        self._served = served = await self._serve(process, self._core, self.machine)
        if served is None:
            return
        if self.machine.changes is not found:  # since it began
            served.configure(self.machine.changes)
        process.service = served.context
        process.crashes = served.crashes
        self._contexts.append(served.context)
        process.main = self._loop.create_task(self._run(process), context=process.context())

    async def _run(self, process: Process) -> None:
        """Be the main task of a service, of whose end the process ends, as under `asyncio.run`."""
        try:
            await self._loop.create_future()
        except asyncio.CancelledError:
            others = self._loop.tasks_of(process) - {process.main}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            self._quit(process, "ended: its main task was cancelled")

    def _quit(self, process: Process, how: str) -> None:
        """End a process by what it does itself."""
        # Python runs the `finally` of a dropped coroutine, which may ask for it too.
        if process.state is not ProcessState.DEAD:
            self._end(process)
            self._crashed(process, how)

    def _crashed(self, process: Process, how: str) -> None:
        self.tell("crash", process, how)
        after_s = self.machine.restart_after_s
        if after_s is not None and not process.stopping:
            self._again = self._loop.call_later(after_s, self._come_back, context=KERNEL)

    def _come_back(self) -> None:
        self._again = None
        self._rebooting = self._loop.create_task(self._reboot(), context=KERNEL)
        self._rebooting.add_done_callback(_tell_failure, context=KERNEL)

    async def _reboot(self) -> None:
        try:
            await self.boot()
        except LabError as error:
            self._end(self._process)
            self._crashed(self._process, str(error))
        else:
            self.tell("start", self._process, "")

    def _stay_down(self) -> None:
        """Forget that a crashed process is to start again."""
        if self._again:
            self._again.cancel()
            self._again = None

    async def _leave(self, process: Process, served: Served | None) -> None:
        try:
            if served:
                await served.stop()
        finally:
            self._end(process)

    def _end(self, process: Process) -> None:
        if process.state is ProcessState.DEAD:
            return
        self._loop.gate()
        self._core.halt()
        process.state = ProcessState.DEAD
        process.listeners.clear()
        for endpoint in process.endpoints:
            endpoint.cut()
        self._loop.bury(process)


def _tell_failure(task: asyncio.Task[None]) -> None:
    """Raise what a task has failed with, that nobody awaits: the loop tells of it."""
    if not task.cancelled():
        task.result()
