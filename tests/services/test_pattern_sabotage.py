"""The sabotages of patterns that are no guards are noticed by the patterns' own tests."""

from pathlib import Path

import pytest

from services.patterns.guards import Sabotage
from tests.sabotaged import notice, sabotages
from tests.services.guards.test_guard_sabotage import TESTS as GUARDS

PATTERNS = tuple(
    path.stem
    for path in sorted((Path(__file__).parents[2] / "services/patterns").glob("*.py"))
    if "\nSABOTAGES" in path.read_text() and path.stem not in GUARDS
)


@pytest.mark.parametrize(("name", "sabotage"), list(sabotages(PATTERNS)), ids=str)
def test_a_sabotage_is_noticed(
    name: str, sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pattern that no longer does this must fail one of the tests that say what it does."""
    notice(f"test_{name}", sabotage, monkeypatch)
