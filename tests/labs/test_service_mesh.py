"""The mesh's second try, broken on purpose: the verdict turns."""

from collections.abc import Sequence

import pytest

from harness import catalogue
from labs.traffic.service_mesh import service
from services.patterns.guards import Asked
from tests.labs.otherwise import failed

LAB = catalogue.find("service-mesh").lab


@pytest.mark.parametrize("variant", ["node-proxy", "sidecars"])
def test_a_second_try_goes_to_another_copy(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that goes where the first has failed loses as many pages as none."""

    def the_same(hosts: Sequence[str], asked: Asked) -> str:
        assert asked.key in hosts
        return asked.key

    monkeypatch.setattr(service, "host_of", the_same)
    assert failed(LAB, variant) == {"no page is lost"}
