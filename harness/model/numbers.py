"""Numbers as people write them: three significant digits, thousands marked, no `e+02`."""

import math

PLAIN = range(-4, 9)
"""Powers of ten that are written out."""
MINUS = "\N{MINUS SIGN}"


def number(value: float) -> str:
    """Write a number to about three digits: 0.05, 4.00, 12.3, 1,200, 2.5 x 10^12."""
    if math.isinf(value):
        return f"{MINUS}∞" if value < 0 else "∞"
    if math.isnan(value):
        return "unknown"
    magnitude = int(f"{value:.2e}".partition("e")[2])
    if value and magnitude not in PLAIN:
        written, _, power = f"{value:.2e}".partition("e")
        mantissa = written.rstrip("0").rstrip(".")
        return f"{mantissa} x 10^{int(power)}".replace("-", MINUS)
    digits = max(0, 2 - magnitude) if magnitude >= -1 else 1 - magnitude
    return f"{value:,.{digits}f}".replace("-", MINUS)


def with_unit(text: str, unit: str) -> str:
    """Write a unit after a number; one that begins with a slash follows without a space."""
    return text + unit if unit.startswith("/") else f"{text} {unit}".rstrip()


def short(value: float) -> str:
    """Write a number as `number` does, without zeros at the end: 4, 0.2, 1,200."""
    text = number(value)
    return text.rstrip("0").rstrip(".") if "." in text and "x" not in text else text
