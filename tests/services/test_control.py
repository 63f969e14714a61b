"""The control channel of a process, on a pipe: what belongs to the host outlives the process."""

import asyncio
import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from services import control as channel
from services.clock import WallClock
from services.control import Ballast, Control
from services.server import SettingError

LIMIT_S = 10


class Served:
    """As much of a service as the channel uses."""

    def __init__(self) -> None:
        self.changes: Mapping[str, Any] = {}

    def configure(self, changes: Mapping[str, Any]) -> None:
        if "level" not in changes:
            raise SettingError("only level is live")
        self.changes = changes

    def changed(self) -> Mapping[str, Any]:
        return {name: f"{value} in force" for name, value in self.changes.items()}


class Bench:
    """A host whose processes come one after the other, with its standard input at hand."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        out, into = os.pipe()
        self._out, self._in = io.FileIO(out), io.FileIO(into, "w")
        patch.setattr("sys.stdin", self._out)
        self.right_s = 1000.0
        self.answers: list[Mapping[str, Any]] = []
        self.clock: WallClock
        self.served: Any

    def process(self) -> Control:
        self.clock = WallClock(lambda: self.right_s)
        self.served = Served()
        ballast = Ballast(self._folder)
        control = Control(self.clock, ballast, self._folder / "memory.json", self.answers.append)
        control.recall()
        return control

    def write(self, text: str) -> None:
        self._in.write(text.encode())

    def tell(self, number: int, **command: object) -> None:
        self.write(json.dumps({"id": number, **command}) + "\n")

    def close(self) -> None:
        self._in.close()

    def leave(self) -> None:
        self._out.close()

    async def answered(self, count: int) -> None:
        async with asyncio.timeout(LIMIT_S):
            while len(self.answers) < count:  # noqa: ASYNC110 - nothing else runs here
                await asyncio.sleep(0)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    made = Bench(tmp_path, monkeypatch)
    yield made
    made.close()
    made.leave()


def test_commands_are_done_while_a_service_is_served(bench: Bench) -> None:
    """Each is answered with what then is, as the process has it; a part of a line waits."""

    async def main() -> None:
        bench.process().listen(bench.served)
        bench.tell(1, clock={"skew_s": -5, "drift_ppm": 0})
        bench.tell(2, changes={"level": 3})
        bench.write('{"id"')
        await bench.answered(2)
        bench.write(": 3}\n")
        await bench.answered(3)
        bench.close()

    asyncio.run(main())
    assert bench.clock.read() == 995
    clock = {"skew_s": -5, "drift_ppm": 0}
    state = {"event": "state", "clock": clock, "disk_full": False}
    assert bench.answers == [
        {**state, "id": 1, "changes": {}},
        {**state, "id": 2, "changes": {"level": "3 in force"}},
        {**state, "id": 3, "changes": {"level": "3 in force"}},
    ]


def test_what_a_service_does_not_take_is_said_and_not_kept(bench: Bench) -> None:
    """The next process starts without it."""

    async def main() -> None:
        bench.process().listen(bench.served)
        bench.tell(1, changes={"size": 3})
        await bench.answered(1)
        bench.close()

    asyncio.run(main())
    assert bench.answers == [{"event": "state", "id": 1, "error": "only level is live"}]
    assert bench.process().changes == {}


def test_the_next_process_takes_over_what_the_host_was_told(bench: Bench) -> None:
    """Also what came while there was none; a clock goes on drifting from when it was set."""
    bench.process()
    bench.tell(1, clock={"skew_s": 5, "drift_ppm": 1e5}, changes={"level": 3})
    bench.process()
    bench.right_s += 100
    bench.tell(2, changes={"level": 4})
    assert bench.process().changes == {"level": 4}
    assert bench.clock.read() == 1000 + 100 + 5 + 10
    assert [answer["changes"] for answer in bench.answers] == [{"level": 3}, {"level": 4}]


def test_a_disk_is_filled_until_the_kernel_refuses(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A write tries whether it is full; room is made by taking away what filled it."""
    monkeypatch.setattr(channel, "LARGEST_DISK", float("inf"))
    for name in (".ballast", ".probe"):
        (tmp_path / name).symlink_to("/dev/full")
    bench.process()
    bench.tell(1, disk_full=True)
    bench.tell(2, disk_full=False)
    bench.process()
    assert [answer["disk_full"] for answer in bench.answers] == [True, False]
    assert [path.name for path in tmp_path.iterdir()] == ["memory.json"]


def test_a_disk_that_is_not_a_labs_is_not_filled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody runs the Compose file with a volume of his own."""
    monkeypatch.setattr(channel, "LARGEST_DISK", 1)
    bench.process()
    bench.tell(1, disk_full=True)
    bench.process()
    ((_, _, error),) = (answer.values() for answer in bench.answers)
    assert "the volume is larger than a lab's" in error
