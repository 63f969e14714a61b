"""Sums as Redis makes them: in x86's long doubles of 64 binary digits, which Python lacks.

Source: `incrbyfloatCommand`, `string2ld` and `ld2string` of Redis 7.0: read by `strtold`, added,
and printed with 17 digits after the point, of which zeros at the end are cut off.
"""

import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

MANTISSA_BITS = 64
DIGITS = Decimal("1e-17")
LONGEST = 5 * 1024
"""Digits that Redis has room for, `MAX_LONG_DOUBLE_CHARS`."""

_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_LARGEST = 4932


def read(text: bytes) -> Fraction | None:
    """Read a number; None for what is none, and for what is infinite."""
    if not _NUMBER.fullmatch(text) or len(text) > LONGEST:
        return None
    number = Decimal(text.decode())
    if number and abs(number.adjusted()) > _LARGEST:
        return None
    return rounded(Fraction(number))


def add(one: Fraction, other: Fraction) -> Fraction:
    """Add two numbers, and round what comes of it."""
    return rounded(one + other)


def write(number: Fraction) -> bytes:
    """Write a number as Redis keeps and answers it."""
    with localcontext() as context:
        context.prec = _LARGEST + 40
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        text = f"{exact.quantize(DIGITS, rounding=ROUND_HALF_EVEN):f}"
    text = text.rstrip("0").rstrip(".")
    return b"0" if text == "-0" else text.encode()


def rounded(number: Fraction) -> Fraction:
    """Round to the nearest number of 64 binary digits, to the even one of two."""
    if not number:
        return number
    exponent = _binary_exponent(abs(number)) - MANTISSA_BITS + 1
    scale = Fraction(2) ** exponent
    return round(number / scale) * scale


def _binary_exponent(number: Fraction) -> int:
    guess = number.numerator.bit_length() - number.denominator.bit_length()
    return guess if Fraction(2) ** guess <= number else guess - 1
