"""What a page may say, as values: the fields of each command, read from one JSON object."""

import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

from harness.errors import LabError
from harness.model.plain_values import short

MOST_BYTES = 1 << 20
"""The longest message: an experiment whose script has thousands of entries."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """A command without fields."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open an experiment, at a moment of it."""

    experiment: object
    to_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Play:
    """Let time pass at a speed."""

    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """Let time pass to the next event, request, second or failure; to `to_s` at most.

    A failure is looked for in a tenth of a second, so that a command never takes long.
    """

    by: str = "second"
    to_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment to go to."""

    to_s: float


@dataclass(frozen=True, slots=True)
class Act:
    """An operation to be done now."""

    operation: object


@dataclass(frozen=True, slots=True)
class Follow:
    """A request of the load, by its number."""

    request: int


@dataclass(frozen=True, slots=True)
class Few:
    """How many of something are wanted."""

    most: int = 8


@dataclass(frozen=True, slots=True)
class Lately:
    """A time up to now, in seconds."""

    span_s: float = 10.0


@dataclass(frozen=True, slots=True)
class System:
    """A system that was put together by hand, as a form's values."""

    system: object


@dataclass(frozen=True, slots=True)
class LessonOf:
    """A lab, by its name."""

    lab: str


@dataclass(frozen=True, slots=True)
class Messages:
    """Whether messages are told."""

    on: bool = True


def read(text: str) -> dict[str, Any]:
    """Read a message; NaN and infinities, which JSON does not have, are refused.

    Raises:
        LabError: it is too long, or no JSON object.

    """
    if len(text) > MOST_BYTES:
        raise LabError(f"the message has more than {MOST_BYTES:,} letters")
    try:
        message = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise LabError(f"the message is not JSON: {str(error)[:80]}") from error
    if not isinstance(message, dict):
        raise LabError(f"the message is {short(message)}; it must be an object")
    return message


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
