"""Idempotency keys, broken on purpose: each time the verdict turns."""

import asyncio
from collections.abc import Collection

import pytest

from harness import catalogue
from services import effects
from tests.labs.otherwise import failed

LAB = catalogue.find("idempotency").lab


def test_a_key_must_be_looked_at_when_the_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it alone: a second try that comes during the first one's work is charged too."""
    looked: set[asyncio.Task[object] | None] = set()
    is_known = effects.is_known

    def before_alone(settings: effects.Settings, done: Collection[str], name: str) -> bool:
        task = asyncio.current_task()
        if task in looked:
            looked.remove(task)
            return False
        known = is_known(settings, done, name)
        if not known:
            looked.add(task)
        return known

    monkeypatch.setattr(effects, "is_known", before_alone)
    assert failed(LAB, "key") == {"each order is paid for once"}
