"""A service as a process of its own: its environment, its disk."""

import json
import random
import time
from pathlib import Path

import pytest

from services.clock import WallClock
from services.context import dice
from services.main import FileVolume, platform, record
from services.tracing import Span
from tests.support import virtually


def test_a_volume_gives_back_what_was_written_last(tmp_path: Path) -> None:
    """Also to the next process, and None for what was never written."""
    volume = FileVolume(tmp_path)
    assert volume.read("ledger") is None
    volume.write("ledger", b"one")
    volume.write("ledger", b"two")
    assert volume.read("ledger") == b"two"
    assert FileVolume(tmp_path).read("ledger") == b"two"


def test_a_write_leaves_nothing_else_behind(tmp_path: Path) -> None:
    """The new content is renamed into place."""
    FileVolume(tmp_path).write("ledger", b"one")
    assert [path.name for path in tmp_path.iterdir()] == ["ledger"]


def test_a_platform_is_made_of_the_environment(tmp_path: Path) -> None:
    """The same links, draws and disk as the engine has put there."""
    environment = {
        "CHAOSLAB_HOST": "checkout",
        "CHAOSLAB_LINKS": '{"payments": "http://toxiproxy:20001"}',
        "CHAOSLAB_SEED": "7",
        "CHAOSLAB_VOLUME": str(tmp_path),
    }
    clock = WallClock(lambda: 5.0)
    first, second = platform(environment, clock), platform(environment, clock)
    assert first.host == "checkout"
    assert first.wall() == 5.0
    assert first.links == {"payments": "http://toxiproxy:20001"}
    assert first.rng.random() == second.rng.random()
    first.volume.write("x", b"1")
    assert second.volume.read("x") == b"1"


def test_a_process_that_is_started_again_draws_anew(tmp_path: Path) -> None:
    """As in the simulation; the first start of a host draws what it always has."""
    environment = {"CHAOSLAB_HOST": "a", "CHAOSLAB_SEED": "7", "CHAOSLAB_VOLUME": str(tmp_path)}
    clock = WallClock(lambda: 5.0)
    draws = [
        platform(environment | more, clock).rng.random()
        for more in ({}, {"CHAOSLAB_START": "0"}, {"CHAOSLAB_START": "1"}, {"CHAOSLAB_START": "2"})
    ]
    assert draws[0] == draws[1] == random.Random("7/a/service").random()
    assert draws[2] == dice(7, "a", 1).random()
    assert len(set(draws)) == 3


def test_burning_takes_cpu_time(tmp_path: Path) -> None:
    """A real process is really busy."""
    burn = platform(
        {"CHAOSLAB_HOST": "a", "CHAOSLAB_VOLUME": str(tmp_path)}, WallClock(time.time)
    ).burn

    async def main() -> float:
        began_s = time.thread_time()
        async with burn(5):
            pass
        return time.thread_time() - began_s

    assert virtually(main()) >= 0.005


def test_a_span_is_logged_as_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A JSON object, from which the span can be made again."""
    span = Span("t" * 32, "s" * 16, "", "client", "a", "b", 1, 1.5, 2.5, "200")
    record(span)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    document = json.loads(out)
    assert document.pop("event") == "span"
    assert Span(**document) == span
