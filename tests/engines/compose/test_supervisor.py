"""The shell that looks after a host's process: signals in, events out, standard input passed on."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.engines.compose.supervisor import CRASHED, DOWN, KILL, START, STOP, SUPERVISOR, UP

LIMIT_S = 20
# Says its number, and then what it reads; `end` ends it, and so does SIGTERM.
CHILD = """
echo "process $$"
while read -r line; do
  case $line in end*) exit ${line#end };; esac
  echo "read $line"
done
"""
STUBBORN = "trap '' TERM; echo process $$; while :; do sleep 1 & wait $!; done"


@dataclass(slots=True)
class Supervised:
    """A supervisor that runs on this machine, as it does in a container."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    async def says(self, wanted: str) -> str:
        """Read on to a line that begins so; what comes before it can be asked for later."""
        assert self.process.stdout
        async with asyncio.timeout(LIMIT_S):
            while not (found := [line for line in self.lines if line.startswith(wanted)]):
                line = (await self.process.stdout.readline()).decode()
                assert line, f"it ended before it said {wanted}"
                self.lines.append(line.rstrip("\n"))
        self.lines.remove(found[0])
        return found[0]

    async def pid(self) -> int:
        """Wait for a process to begin, and give its number."""
        return int((await self.says("process ")).split()[1])

    def tell(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n".encode())

    def send(self, name: str) -> None:
        self.process.send_signal(getattr(signal, name))


@asynccontextmanager
async def supervised(child: str = CHILD, **environment: str) -> AsyncIterator[Supervised]:
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", SUPERVISOR, "supervisor", "sh", "-c", child),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment},
        start_new_session=True,
    )
    try:
        yield Supervised(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def uptime_s() -> float:
    """Read the machine's uptime as the shell does, a hundredth later than now at most."""
    return float(Path("/proc/uptime").read_text("ascii").split()[0]) + 0.01


def on_a_supervisor(
    scenario: Callable[[Supervised], Coroutine[Any, Any, None]],
    child: str = CHILD,
    **environment: str,
) -> None:
    async def main() -> None:
        async with supervised(child, **environment) as one:
            await scenario(one)

    asyncio.run(main())


def test_a_kill_is_told_and_a_start_gives_a_new_process() -> None:
    """Which takes the standard input over, with what was written while nobody was there."""

    async def scenario(one: Supervised) -> None:
        first = await one.pid()
        one.tell("a")
        await one.says("read a")
        one.send(KILL)
        await one.says(DOWN)
        one.tell("b")
        one.send(START)
        await one.says(UP)
        assert await one.pid() != first
        await one.says("read b")

    on_a_supervisor(scenario)


def test_a_process_is_told_how_often_its_host_was_started_before() -> None:
    """However it ended, so that it draws anew in each life, as in the simulation."""

    async def scenario(one: Supervised) -> None:
        await one.says("start 0")
        one.tell("end 1")
        await one.says("start 1")
        one.send(KILL)
        await one.says(DOWN)
        one.send(START)
        await one.says("start 2")

    on_a_supervisor(scenario, f'echo "start $CHAOSLAB_START"; {CHILD}', RESTART_S="0.01")


def test_a_stop_asks_and_a_kill_ends_what_does_not_listen() -> None:
    """Either way the process is down, and stays so until it is started."""

    async def asked(one: Supervised) -> None:
        await one.pid()
        one.send(STOP)
        await one.says(DOWN)

    async def stubborn(one: Supervised) -> None:
        await one.pid()
        one.send(STOP)
        one.send(KILL)
        await one.says(DOWN)
        one.send(START)
        await one.pid()

    on_a_supervisor(asked, RESTART_S="0.01")
    on_a_supervisor(stubborn, STUBBORN, RESTART_S="0.01")


def test_a_crash_is_told_with_its_code_and_stays_one() -> None:
    """The container lives on, so that its address refuses connections; a start is obeyed."""

    async def scenario(one: Supervised) -> None:
        await one.pid()
        one.tell("end 3")
        found = CRASHED.fullmatch(await one.says('{"event":"crashed"'))
        assert found
        assert found["code"] == "3"
        assert one.process.returncode is None
        one.send(START)
        await one.pid()

    on_a_supervisor(scenario)


def test_a_policy_starts_a_crashed_process_again_each_time() -> None:
    """With the time at which the last one died; only what comes after a crash is told of one."""

    async def scenario(one: Supervised) -> None:
        await one.says("died at ,")
        for _ in range(2):
            one.tell("end 1")
            await one.says('{"event":"crashed"')
            assert 0 < float((await one.says("died at ")).split()[2][:-1]) < uptime_s()
        one.send(KILL)
        await one.says(DOWN)
        one.send(START)
        await one.says(UP)
        await one.says("died at ,")

    on_a_supervisor(scenario, f'echo "died at $CHAOSLAB_DIED_S,"; {CHILD}', RESTART_S="1000")


def test_a_kill_between_crash_and_restart_holds_the_process_down() -> None:
    """It ends what loads already, and nothing starts until it is told to."""

    async def scenario(one: Supervised) -> None:
        first = await one.pid()
        one.tell("end 1")
        await one.says('{"event":"crashed"')
        second = await one.pid()
        one.send(KILL)
        await one.says(DOWN)
        one.send(STOP)
        await one.says(DOWN)
        one.send(START)
        await one.says(UP)
        assert len({first, second, await one.pid()}) == 3

    on_a_supervisor(scenario, RESTART_S="1000")


def test_a_container_that_is_stopped_ends_as_its_process_does() -> None:
    """As when somebody runs the Compose file by hand and ends it."""

    async def scenario(one: Supervised) -> None:
        await one.pid()
        one.send("SIGTERM")
        assert await one.process.wait() == 128 + signal.SIGTERM

    async def without(one: Supervised) -> None:
        await one.pid()
        one.tell("end 1")
        await one.says('{"event":"crashed"')
        one.send("SIGTERM")
        assert await one.process.wait() == 0

    async def main() -> None:
        async with asyncio.timeout(LIMIT_S):
            for each in (scenario, without):
                async with supervised() as one:
                    await each(one)

    asyncio.run(main())


@pytest.mark.parametrize("event", [UP, DOWN, '{"event":"crashed","code":137}'])
def test_events_are_json(event: str) -> None:
    """As everything that a service's container says of itself."""
    assert json.loads(event)["event"] in {"up", "down", "crashed"}
