"""A command starts itself anew where Python would hash texts otherwise in each process."""

import os
import sys

import pytest

from harness.cli import hashing


class StartedError(Exception):
    """What becomes of a process that starts anew."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    found: list[list[str]] = []

    def execv(path: str, arguments: list[str]) -> None:
        found.append([path, *arguments])
        raise StartedError

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(sys, "orig_argv", ["python", "-P", "-m", "harness.cli", "run", "a lab"])
    return found


class Flags:
    """What `sys.flags` says of hashing."""

    def __init__(self, drawn: int) -> None:
        self.hash_randomization = drawn


@pytest.mark.parametrize("seed", [None, "random", "7"])
def test_it_starts_anew_with_all_its_arguments(
    seed: str | None, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same interpreter, with its options."""
    monkeypatch.setattr(sys, "flags", Flags(1))
    monkeypatch.delenv(hashing.VARIABLE, raising=False)
    if seed:
        monkeypatch.setenv(hashing.VARIABLE, seed)
    with pytest.raises(StartedError):
        hashing.settle()
    python = sys.executable
    assert started == [[python, python, "-P", "-m", "harness.cli", "run", "a lab"]]
    assert os.environ[hashing.VARIABLE] == "0"


@pytest.mark.parametrize("drawn", [0, 1])
def test_it_starts_once(
    drawn: int, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where Python ignores the variable (-I, -E), or draws all the same (-R)."""
    monkeypatch.setattr(sys, "flags", Flags(drawn))
    monkeypatch.setenv(hashing.VARIABLE, "0")
    hashing.settle()
    assert started == []


def test_workers_hash_as_the_command_does(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is set for them, where the command itself needs no new start."""
    monkeypatch.setattr(sys, "flags", Flags(0))
    monkeypatch.delenv(hashing.VARIABLE, raising=False)
    hashing.settle()
    assert started == []
    assert os.environ[hashing.VARIABLE] == "0"
