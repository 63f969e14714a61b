"""A session's process: what ends it, and what it says then."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LIMIT_S = 120
START = """
import sys
from harness.live import session_process
{change}
sys.exit(session_process.main())
"""


def ran(*commands: dict[str, Any], change: str = "") -> tuple[int, list[dict[str, Any]], str]:
    """Give a process all commands and then the end of its input; give how it ended."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-P", "-c", START.format(change=change)],
        input="".join(json.dumps(command) + "\n" for command in commands),
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


OPEN = {"do": "open", "id": 1, "experiment": {"lab": "config-push", "script": []}}


def test_it_ends_with_its_input() -> None:
    """After it has answered what it was told before."""
    code, said, errors = ran(OPEN, {"do": "step", "by": "second", "id": 2})
    assert (code, errors) == (0, "")
    assert [one["say"] for one in said] == ["opened", "tick", "ok", "tick", "ok"]
    assert said[3]["at_s"] == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("session_process.MOST_RSS_BYTES = 1 << 20", "of memory, more than the 1 MiB that it may"),
        ("session_process.IDLE_S = -1", "the session was open for too long"),
        ("session_process.LIFE_S = -1", "the session was open for too long"),
    ],
)
def test_what_takes_too_much_is_ended_with_a_sentence(change: str, why: str) -> None:
    """The page is told, and the exit code is not that of a session that ended well."""
    code, said, _ = ran(change=change)
    assert code == 3
    assert (said[-1]["say"], said[-1]["over"]) == ("failed", True)
    assert why in said[-1]["why"]


def test_memory_that_the_kernel_refuses_ends_it_too() -> None:
    """Should one slice take all of it before anybody looks."""
    change = "session_process._names = lambda: bytearray(8 << 30) and ()"
    code, said, _ = ran(change=change)
    assert code == 3
    assert "memory" in said[-1]["why"]


def test_what_is_printed_is_no_message() -> None:
    """It goes to the terminal, whoever prints it."""
    change = "session_process._names = lambda: print('from a service') or ()"
    code, said, errors = ran({"do": "hello", "id": 1}, change=change)
    assert code == 0
    assert [one["say"] for one in said] == ["hello", "ok"]
    assert errors == "from a service\n"


def test_a_fault_of_our_own_is_told_as_one() -> None:
    """With the traceback where the console was started."""
    change = "session_process.Speaker.take = lambda self, line: 1 / 0"
    code, said, errors = ran({"do": "hello"}, change=change)
    assert code == 3
    assert said[-1]["bug"]
    assert "ZeroDivisionError" in errors


def test_it_ends_in_order_when_it_is_told_to_end() -> None:
    """As with its input: what it has, such as containers, is given back first."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "harness.live.session_process"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(OPEN) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["say"] == "opened"
        process.terminate()
        assert process.wait(LIMIT_S) == 0
