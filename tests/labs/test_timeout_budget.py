"""Timeout budgets, broken on purpose: each time the verdict turns."""

import math
from dataclasses import replace

import pytest

from harness import catalogue
from services.outgoing import Outgoing
from services.patterns.guards import Asked
from tests.labs.otherwise import failed

LAB = catalogue.find("timeout-budget").lab


def test_a_hop_in_the_middle_that_forgets_the_deadline_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All below it works on, and so its own slots are held as well."""
    whole = Outgoing.asked

    def forgetful(
        self: Outgoing, callee: str, *, path: str, writes: bool, body: bytes = b""
    ) -> Asked:
        made = whole(self, callee, path=path, writes=writes, body=body)
        return replace(made, deadline_s=math.inf) if callee == "ledger" else made

    monkeypatch.setattr(Outgoing, "asked", forgetful)
    assert failed(LAB, "deadline") == {
        "hardly refuses anybody",
        "the ledger works for nobody no more",
    }
