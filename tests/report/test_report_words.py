"""Values, bounds and margins in words that need no legend."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.expect import Bound
from harness.model.numbers import MINUS, number, short
from harness.report.words import UNKNOWN, Words, joined, plural

PLAIN, SHARE, SECONDS, RATE = Words(), Words(is_share=True), Words("s"), Words("/s")


@pytest.mark.parametrize(
    ("words", "value", "said"),
    [
        (PLAIN, 190.0, "190"),
        (PLAIN, 1.69, "1.69"),
        (PLAIN, 1595, "1,595"),
        (RATE, 281.2, "281/s"),
        (SECONDS, 4.0, "4 s"),
        (SECONDS, math.inf, "never"),
        (PLAIN, math.inf, "∞"),
        (SECONDS, math.nan, UNKNOWN),
        (SHARE, 0, "0 %"),
        (SHARE, 1, "100 %"),
        (SHARE, 0.293, "29 %"),
        (SHARE, 0.986, "98.6 %"),
        (SHARE, 0.94, "94 %"),
        (SHARE, 0.062, "6.2 %"),
        (SHARE, 0.9996, "99.96 %"),
        (SHARE, 0.99999999, "nearly 100 %"),
        (SHARE, 1e-9, "nearly 0 %"),
    ],
)
def test_a_value_is_said_with_its_unit(words: Words, value: float, said: str) -> None:
    """Counts have no decimals, shares are per cent, and 100 % is all of them."""
    assert words.value(value) == said


@pytest.mark.parametrize(
    ("words", "bound", "said"),
    [
        (SHARE, Bound(at_least=0.94), "at least 94 %"),
        (SECONDS, Bound(at_most=16), "at most 16 s"),
        (SECONDS, Bound(at_most=0), "0 s"),
        (SECONDS, Bound(at_most=16).complement(), "above 16 s"),
        (SECONDS, Bound(at_most=0).complement(), "above 0 s"),
        (SECONDS, Bound(at_least=16).complement(), "below 16 s"),
        (SHARE, Bound(at_least=0.1, at_most=0.2), "10 to 20 %"),
        (PLAIN, Bound.around(12), "12"),
        (PLAIN, Bound.around(800, chance=113), "800 ± 110"),
        (PLAIN, Bound.around(166.3, model=5, chance=43.6), "166 ± 49"),
        (RATE, Bound.around(280, chance=37.12), "280 ± 37/s"),
        (SECONDS, Bound.around(0.839, chance=0.758), "0.84 ± 0.76 s"),
        (SHARE, Bound.around(0.316, chance=0.095), "32 ± 10 %"),
        (SHARE, Bound.around(0.316, chance=0.095).complement(), "not 32 ± 10 %"),
        (RATE, Bound(at_least=math.nan, at_most=math.nan, equals=math.nan), UNKNOWN),
    ],
)
def test_a_bound_is_said_in_words(words: Words, bound: Bound, said: str) -> None:
    """Both parts of a tolerance are one, to two digits, and a figure has no more than those."""
    assert words.bound(bound) == said


@pytest.mark.parametrize(
    ("words", "margin", "said"),
    [
        (SHARE, 0.05, "5 points"),
        (SHARE, -0.29, "29 points"),
        (SHARE, 0.01, "1 point"),
        (SHARE, 0.004, "0.4 points"),
        (RATE, 35.7, "36/s"),
        (SECONDS, -math.inf, "no end"),
        (PLAIN, 0, "none"),
        (PLAIN, math.nan, UNKNOWN),
    ],
)
def test_a_margin_is_said_without_a_sign(words: Words, margin: float, said: str) -> None:
    """The head of its column says on which side; shares differ by points."""
    assert words.distance(margin) == said


@given(st.floats(), st.sampled_from([PLAIN, SHARE, SECONDS, RATE]))
def test_no_number_has_an_exponent_that_programmers_write(value: float, words: Words) -> None:
    """Nobody reads `1.2e+02`: neither values, nor bounds, nor margins have any."""
    said = [number(value), short(value), words.value(value), words.distance(value)]
    if math.isfinite(value):
        said += [words.bound(Bound.around(value, chance=abs(value) / 3)), str(Bound(at_most=value))]
    for text in said:
        assert not re.search(r"\de[+\-" + MINUS + r"]?\d", text), text


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        ("recovers", "recover"),
        ("loses no write", "lose no write"),
        ("is well after the cut", "are well after the cut"),
        ("never has two leaders", "never have two leaders"),
        ("hardly stops", "hardly stop"),
        ("carries on", "carry on"),
        ("reaches it", "reach it"),
        ("passes", "pass"),
    ],
)
def test_a_predicate_of_one_becomes_that_of_several(predicate: str, said: str) -> None:
    """The verb alone changes, after an adverb too."""
    assert plural(predicate) == said


def test_names_are_joined_as_in_a_sentence() -> None:
    """Commas, and a word before the last."""
    assert joined(["a"]) == "a"
    assert joined(["a", "b"]) == "a and b"
    assert joined(["a", "b", "c"]) == "a, b and c"
