"""Sums of 64 binary digits, beside what a real Redis and numpy's long doubles say."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engines.sim import long_double


def total(*numbers: str) -> str:
    """Add numbers one after the other, as INCRBYFLOAT does: each result is read again."""
    result = b"0"
    for text in numbers:
        one, other = long_double.read(result), long_double.read(text.encode())
        assert one is not None
        assert other is not None
        result = long_double.write(long_double.add(one, other))
    return result.decode()


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (("0.1", "0.2"), "0.3"),
        (("1", "0.1", "1.5"), "2.6"),
        (("10.5", "0.1"), "10.6"),
        (("1e20", "-1e20"), "0"),
        (("0", "1e20"), "100000000000000000000"),
        (("3", "1e-20"), "3"),
        (("-0.1", "0.1"), "0"),
        (("0.00000000000000001",), "0.00000000000000001"),
        (("123456789.123",), "123456789.12299999999959255"),
        (("5e3",), "5000"),
        (("-2.25", "1"), "-1.25"),
    ],
)
def test_sums_have_the_digits_of_redis(numbers: tuple[str, ...], said: str) -> None:
    """As redis-server 7.0.15 answers INCRBYFLOAT on x86."""
    assert total(*numbers) == said


@pytest.mark.parametrize(
    "text", [b"", b"x", b"1 ", b" 1", b"nan", b"inf", b"0x10", b"1e5000", b"--1"]
)
def test_what_is_no_number_is_none(text: bytes) -> None:
    """Nor what is infinite, or would be."""
    assert long_double.read(text) is None


@given(st.integers(-(2**62), 2**62), st.integers(-(2**62), 2**62))
def test_whole_numbers_add_up_exactly(one: int, other: int) -> None:
    """They fit into 64 digits."""
    assert total(str(one), str(other)) == str(one + other)


def test_sums_are_those_of_long_doubles() -> None:
    """Of numpy's, where the machine has such numbers."""
    numpy = pytest.importorskip("numpy")
    if numpy.finfo(numpy.longdouble).nmant != 63:
        pytest.skip("this machine's long doubles have other digits")
    rng = random.Random(1)
    for _ in range(500):
        one, other = (f"{rng.uniform(-1e6, 1e6):.{rng.randrange(1, 12)}f}" for _ in range(2))
        real = numpy.longdouble(one) + numpy.longdouble(other)
        text = numpy.format_float_positional(real, precision=17, unique=False, trim="-")
        assert total(one, other) == text
