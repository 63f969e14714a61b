"""The domains of the formulas' arguments: one check for each kind, by the argument's own name."""

import math
from collections.abc import Iterator, Mapping, Sequence

Numbers = float | Sequence[float]
"""A number, or several of which each is looked at."""


def positive(**values: Numbers) -> None:
    """Refuse what is not a finite number above 0.

    Raises:
        ValueError: names the first argument that is outside.

    """
    for name, value in _each(values):
        require(math.isfinite(value) and value > 0, f"{name} must be above 0, not {value:g}")


def not_negative(**values: Numbers) -> None:
    """Refuse what is not a finite number of at least 0.

    Raises:
        ValueError: names the first argument that is outside.

    """
    for name, value in _each(values):
        require(math.isfinite(value) and value >= 0, f"{name} must be at least 0, not {value:g}")


def finite(**values: Numbers) -> None:
    """Refuse NaN and infinities.

    Raises:
        ValueError: names the first argument that is outside.

    """
    for name, value in _each(values):
        require(math.isfinite(value), f"{name} must be a finite number, not {value:g}")


def share(**values: Numbers) -> None:
    """Refuse what is no share or probability: 0 and 1 are.

    Raises:
        ValueError: names the first argument that is outside.

    """
    for name, value in _each(values):
        require(0 <= value <= 1, f"{name} must be from 0 to 1, not {value:g}")


def inner_share(**values: float) -> None:
    """Refuse what does not lie strictly between 0 and 1.

    Raises:
        ValueError: names the first argument that is outside.

    """
    for name, value in values.items():
        require(0 < value < 1, f"{name} must be between 0 and 1, not {value:g}")


def count(least: int, **values: int) -> None:
    """Refuse what is not a whole number of at least `least`.

    Raises:
        ValueError: names the first argument that is outside.

    """
    for name, value in values.items():
        whole = isinstance(value, int) and not isinstance(value, bool)
        require(
            whole and value >= least,
            f"{name} must be a whole number of at least {least}, not {value}",
        )


def require(holds: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Refuse a combination of arguments.

    Raises:
        ValueError: with the message, when the condition does not hold.

    """
    if not holds:
        raise ValueError(message)


def _each(values: Mapping[str, Numbers]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        yield from ((name, one) for one in (value if isinstance(value, Sequence) else (value,)))
