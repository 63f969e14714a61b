"""Every scenario of this folder plays on both rigs, unless it asks for none."""

from collections.abc import Iterator

import pytest

from tests.conformance.rigs import RealRig, Rig, SimRig, toxiproxy


@pytest.fixture(scope="module")
def api_port() -> Iterator[int]:
    """Run one real server for the module."""
    with toxiproxy() as port:
        yield port


@pytest.fixture(params=["sim", pytest.param("real", marks=pytest.mark.compose)])
def rig(request: pytest.FixtureRequest) -> Rig:
    """Give each rig in turn."""
    if request.param == "sim":
        return SimRig()
    return RealRig(request.getfixturevalue("api_port"))
