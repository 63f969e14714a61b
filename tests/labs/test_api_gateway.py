"""The gateway's checks, broken on purpose: each time the verdict turns."""

import pytest

from harness import catalogue
from labs.traffic.api_gateway import service
from tests.labs.otherwise import failed

LAB = catalogue.find("api-gateway").lab
CHECKED = service.Front.is_checked


def test_an_answer_is_kept_for_one_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is kept for all lets in who was never checked, and asks far less."""

    async def as_anybody(front: service.Front, user: str) -> bool:
        return await CHECKED(front, user and "anybody")

    monkeypatch.setattr(service.Front, "is_checked", as_anybody)
    assert failed(LAB, "gateway-keeps") == {"a check for each user every two seconds"}


def test_who_was_not_checked_is_not_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services that do without their checks serve pages in the surge, and prove nothing."""

    async def anyway(front: service.Front, user: str) -> bool:
        return await CHECKED(front, user) or True

    monkeypatch.setattr(service.Front, "is_checked", anyway)
    lost = {"most pages are lost", "no page until the checks are worked off"}
    assert failed(LAB, "direct") == lost
