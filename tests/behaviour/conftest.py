"""Every scenario of this folder is a coroutine, and plays on both stages."""

import inspect
from typing import Any

import pytest

from tests.behaviour.stages import Loopback, Simulated, Stage


@pytest.fixture(params=[Simulated, Loopback], ids=["simulated", "loopback"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """Give each stage in turn."""
    made: Stage = request.param()
    return made


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Play a test that is a coroutine on the stage that it asks for."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    given = {name: pyfuncitem.funcargs[name] for name in wanted}
    stage: Any = pyfuncitem.funcargs["stage"]
    stage.play(pyfuncitem.obj(**given))
    return True
