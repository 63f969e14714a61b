"""What the harness tells a load while it is sent: an operation as a line of JSON.

A command is `{"id": 3, "do": "pace", "times": 2}` on standard input. Its answer is an event on
standard output: from which second of the run on it counts, or why it is refused.
"""

import json
from collections.abc import Callable, Iterator

from harness.errors import LabError
from harness.model.operations import Asking, Pace, SendNow, operation_from_json
from harness.model.plain_values import short

WORKER_RPS = 300
"""What one process of the load sends in time."""
MOST_BYTES = 1 << 16
"""The longest line that is read; none of the harness's comes near it."""
CHUNK = 1 << 16
COMMAND = "the load"
"""How a command is called in refusals."""


def lines(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Give each line that is read, until nothing is; one that is too long comes in pieces."""
    rest = b""
    while chunk := read(CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
        if len(rest) > MOST_BYTES:
            yield rest
            rest = b""


def numbered(line: bytes) -> tuple[int | None, object]:
    """Read a command's number, None where it has none, and what it asks for."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None, line.decode(errors="replace")
    number = document.pop("id", None) if isinstance(document, dict) else None
    return number if isinstance(number, int) else None, document


def operation_of(number: int | None, document: object, load: Asking) -> Pace | SendNow:
    """Make an operation of what the command of a number asks for.

    Raises:
        LabError: it is none that the load can do, or it makes no sense.

    """
    if number is None:
        raise LabError(f"{COMMAND}: {short(document)} is no command with an id")
    operation = operation_from_json(document, COMMAND)
    if not isinstance(operation, Pace | SendNow):
        raise LabError(f"{COMMAND}: it cannot {operation.do}; it can {Pace.do} and {SendNow.do}")
    if problems := [*operation.problems(load)]:
        raise LabError("; ".join(problems))
    return operation
