"""Cells, broken on purpose: cells that share more than they look."""

from dataclasses import replace

import pytest

from harness import catalogue
from harness.model.lab import Service
from labs.cascades.cell_architecture.predictions import DATABASES
from services.patterns import cells
from tests.labs.otherwise import failed

LAB = catalogue.find("cell-architecture").lab


def in_pairs(app: Service) -> Service:
    """Let the apps of two cells each ask the first one's database."""
    own = (DATABASES[0], DATABASES[0], DATABASES[2], DATABASES[2], DATABASES[4])
    left = tuple(",".join(one for one in DATABASES if one != mine) for mine in own)
    return replace(app, each={"spare": left})


def test_two_cells_with_one_database_are_one_cell() -> None:
    """Half of the users feel it, though each has an app of its own cell."""
    services = tuple(in_pairs(one) if one.name == "app" else one for one in LAB.services)
    paired = replace(LAB, services=services)
    assert "one cell feels it" in failed(LAB, "cells", runs=paired)


def test_a_hash_that_puts_all_tenants_into_one_cell_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There are four cells, and one of them has everybody."""
    monkeypatch.setattr(cells, "_hash", lambda _: 0)
    assert "one cell feels it" in failed(LAB, "cells")
