"""The fixture of the command line's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.workshop import Workshop, workshop


@pytest.fixture
def shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Workshop]:
    """Give an empty checkout in which no Docker engine answers."""
    with workshop(tmp_path, monkeypatch, capsys) as made:
        yield made
