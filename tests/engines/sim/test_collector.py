"""The garbage collector while a simulation runs, and what the loop leaves to it."""

import asyncio
import contextvars
import gc
import weakref
from collections.abc import Generator

import pytest

from harness.engines.sim.collector import THRESHOLDS, calm
from harness.engines.sim.loop import VirtualLoop
from tests.support import pythons_collector

WHO = contextvars.ContextVar("who", default="nobody")


@pytest.fixture(autouse=True, scope="module")
def _calm() -> Generator[None]:
    """Leave the collector as Python has it: these look at what it does."""
    with pythons_collector():
        yield


def test_the_collector_is_calm_for_a_run_and_then_as_it_was() -> None:
    """Also when the run fails."""
    before, frozen = gc.get_threshold(), gc.get_freeze_count()

    def run() -> None:
        with calm():
            assert gc.get_threshold() == THRESHOLDS
            raise ValueError("the run failed")

    with pytest.raises(ValueError, match="the run"):
        run()
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, frozen)


def test_a_callback_keeps_a_context_in_which_nothing_is_set() -> None:
    """Such a context is false, and must not be taken for none."""
    loop = VirtualLoop()
    seen: list[str] = []
    empty = contextvars.Context()

    async def main() -> None:
        WHO.set("main")
        loop.call_soon(lambda: seen.append(WHO.get()), context=empty)
        loop.call_later(1, lambda: seen.append(WHO.get()), context=empty)
        loop.call_later(1, lambda: seen.append(WHO.get()))
        await asyncio.sleep(2)

    loop.run_until_complete(main())
    loop.close()
    assert seen == ["nobody", "nobody", "main"]


def test_a_cancelled_timer_is_forgotten_long_before_its_time() -> None:
    """A client's time limit of minutes must not keep what it was set for."""

    class Held:
        pass

    loop = VirtualLoop()
    held = Held()
    context = contextvars.Context()
    context.run(contextvars.ContextVar[Held]("held").set, held)
    gone = weakref.ref(held)

    async def main() -> None:
        nonlocal held, context
        timer = loop.call_later(300, held.__repr__, context=context)
        timer.cancel()
        assert "cancelled" in repr(timer)
        del held, context, timer
        await asyncio.sleep(1)
        await asyncio.sleep(1)
        assert gone() is None

    loop.run_until_complete(main())
    assert loop.time() == 2
    loop.close()
