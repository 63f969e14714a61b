"""Signs and lines that are drawn with letters, for terminals whose encoding has no others."""

import codecs

from harness.report.text import BARS

PLAINLY = "chaoslab.plainly"
"""The name under which a stream takes it as its error handler."""
STAND_INS = {
    **{bar: str(height) for height, bar in enumerate(BARS, start=1)},
    "✓": "+",
    "✗": "x",
    "▼": "v",
    "●": "o",
    "▶": ">",
    "·": ".",
    "…": "~",
    "→": ">",
    "─": "-",
    "│": "|",
    "├": "|",
    "└": "`",
    "┌": ".",
    "┐": ".",
    "┘": "'",
    "↑": "^",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "±": "+/-",
    "≥": ">=",
    "≤": "<=",
    "≈": "~",
    "∞": "inf",
    "µ": "u",
}
"""What stands for a character where it cannot be printed: heights of a line are digits."""


def plainly(error: UnicodeError) -> tuple[str, int]:
    """Replace what an encoding does not have, for `codecs.register_error`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(STAND_INS.get(letter, "?") for letter in text), error.end


codecs.register_error(PLAINLY, plainly)
