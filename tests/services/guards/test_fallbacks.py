"""Fallbacks: who gets an old answer, how old, and who a fixed one."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from services.patterns.fallback import Fallback, Settings
from services.patterns.guards import Answer, Asked, Refused
from tests.guarded import FEW, Callee, once, sent, standing
from tests.support import virtually

DOWN = Callee(fails=lambda _: True)


@FEW
@given(age_s=st.floats(0, 10), stale_s=st.floats(0.1, 10))
def test_an_old_answer_is_never_older_than_allowed(age_s: float, stale_s: float) -> None:
    """Within its time the last good one, after it the fixed one."""

    async def main() -> None:
        guard = standing(Fallback, Settings(stale_ms=1000 * stale_s, text="sorry"))
        good = await once(guard, Callee())
        await asyncio.sleep(age_s)
        answer = (await once(guard, DOWN)).answer
        if abs(age_s - stale_s) > 1e-6:
            assert (answer == good.answer) is (age_s < stale_s)
            assert (answer == Answer(b"sorry")) is (age_s > stale_s)

    virtually(main())


def test_an_answer_of_just_the_age_that_is_allowed_is_given() -> None:
    """The limit itself is within it."""

    async def main() -> None:
        guard = standing(Fallback, Settings(stale_ms=1000, text="sorry"))
        good = await once(guard, Callee())
        assert (await sent(guard, Callee(fails=lambda _: True), [1]))[0].answer == good.answer

    virtually(main())


def test_a_resource_gets_no_others_answer() -> None:
    """Nor one of the same name at another callee."""

    async def main() -> None:
        guard = standing(Fallback, Settings(stale_ms=1000, status=0))
        await once(guard, Callee(), Asked(key="a", resource="/x"))
        assert (await once(guard, DOWN, Asked(key="a", resource="/x"))).good
        assert not (await once(guard, DOWN, Asked(key="a", resource="/y"))).good
        assert not (await once(guard, DOWN, Asked(key="b", resource="/x"))).good

    virtually(main())


def test_a_write_gets_no_old_answer() -> None:
    """It would say that something was done that was not."""

    async def main() -> None:
        guard = standing(Fallback, Settings(stale_ms=1000, status=0))
        await once(guard, Callee(), Asked(writes=True))
        await once(guard, Callee(), Asked())
        assert not (await once(guard, DOWN, Asked(writes=True))).good

    virtually(main())


def test_refusals_and_time_outs_fall_back_and_bugs_do_not() -> None:
    """A bug that is answered with 200 is found by nobody."""

    async def raising(error: Exception) -> bool:
        async def call(_: Asked) -> Answer:
            raise error

        return (await once(standing(Fallback, Settings()), call)).good

    for error in (Refused("no"), TimeoutError(), ConnectionError()):
        assert virtually(raising(error))
    for bug in (ZeroDivisionError(), KeyError()):
        assert not virtually(raising(bug))
