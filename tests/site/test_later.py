"""Modules that come when they are asked for."""

import importlib
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from harness.site.later import wait_for

PARTS = {
    "one": {"late_alone.py": "VALUE = 1", "late_pack/__init__.py": "", "late_pack/in.py": "X = 2"},
    "two": {"late_other.py": "import late_alone\nVALUE = late_alone.VALUE + 1"},
}


@pytest.fixture
def fetched(tmp_path: Path) -> Iterator[list[str]]:
    """Wait for two parts; give the names of those that were fetched."""
    asked: list[str] = []

    def fetch(part: str) -> bytes:
        asked.append(part)
        held = BytesIO()
        with zipfile.ZipFile(held, "w") as made:
            for name, text in PARTS[part].items():
                made.writestr(name, text)
        return held.getvalue()

    names = {"one": ["late_alone", "late_pack", "late_pack.in"], "two": ["late_other"]}
    before, path = list(sys.meta_path), list(sys.path)
    wait_for(fetch, names, str(tmp_path))
    yield asked
    sys.meta_path[:], sys.path[:] = before, path
    for name in [name for name in sys.modules.copy() if name.startswith("late_")]:
        del sys.modules[name]


def test_a_part_is_fetched_once_by_the_first_of_its_modules(fetched: list[str]) -> None:
    """Its packages have their modules, and a part may need another one."""
    assert importlib.import_module("late_other").VALUE == 2
    assert importlib.import_module("late_pack.in").X == 2
    assert fetched == ["two", "one"]


def test_what_no_part_holds_is_missing(fetched: list[str]) -> None:
    """As an optional module is, and nothing is fetched to find that out."""
    with pytest.raises(ModuleNotFoundError, match="late_nowhere"):
        importlib.import_module("late_nowhere")
    assert fetched == []


def test_a_part_that_cannot_be_fetched_is_an_error_and_is_asked_for_again(
    fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the network is away, it may be back."""
    whole = PARTS["one"]
    monkeypatch.delitem(PARTS, "one")
    with pytest.raises(KeyError):
        importlib.import_module("late_alone")
    monkeypatch.setitem(PARTS, "one", whole)
    assert importlib.import_module("late_alone").VALUE == 1
    assert fetched == ["one", "one"]
