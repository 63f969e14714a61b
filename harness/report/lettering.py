"""How wide words are in a drawing: in DejaVu Sans, the widest of the fonts that a page may get.

What fits in it fits in Arial, Segoe UI and Roboto too.
"""

from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

BOLD = 1.13
"""How much wider a bold letter is than a plain one."""


@cache
def width(text: str, size: float, *, bold: bool = False) -> float:
    """Give how wide a line is, in the unit of its letters' size."""
    font = FontProperties(family="DejaVu Sans", size=size)
    plain, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(plain) * (BOLD if bold else 1.0)


def fitted(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """Shorten a line to a width, with an ellipsis for what is left out."""
    if width(text, size, bold=bold) <= room:
        return text
    kept = text
    while kept and width(f"{kept}…", size, bold=bold) > room:
        kept = kept[:-1]
    return f"{kept}…"


def wrapped(text: str, room: float, size: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines that fit, between words; a word that is too long is shortened."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(fitted(word, room, size, bold=bold))
    return lines
