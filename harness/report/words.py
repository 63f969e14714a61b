"""Values, bounds and margins as a newcomer reads them: per cent, "at most", "to spare".

Where `figure` and `wanted` in `text` keep an audit's signs and digits, these words need no legend.
"""

import math
from dataclasses import dataclass

from harness.model.expect import Bound
from harness.model.numbers import MINUS, short, with_unit

UNKNOWN = "no value"
NEARLY = 0.1
"""Within this share of none and of all, a decimal tells them apart."""
DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Words:
    """How the values of one measure are said: its unit, and whether people read it as per cent."""

    unit: str = ""
    is_share: bool = False

    def value(self, value: float) -> str:
        """Say a value with its unit; "never" for a time without end."""
        if math.isnan(value):
            return UNKNOWN
        if math.isinf(value):
            endless = "never" if self.unit in {"s", "ms"} else "∞"
            return endless if value > 0 else f"{MINUS}∞"
        if self.is_share:
            return f"{_percent(value)} %"
        return with_unit(short(value), self.unit)

    def bound(self, bound: Bound) -> str:
        """Say what is expected; both parts of a tolerance as one."""
        if bound.equals is not None:
            said = self._around(bound.equals, bound.at_most - bound.equals)
        elif math.isinf(bound.at_most):
            return f"{'below' if bound.outside else 'at least'} {self.value(bound.at_least)}"
        elif math.isinf(bound.at_least):
            if not (bound.at_most or bound.outside):
                return self.value(0)
            return f"{'above' if bound.outside else 'at most'} {self.value(bound.at_most)}"
        else:
            said = f"{self._plain(bound.at_least)} to {self.value(bound.at_most)}"
        return f"not {said}" if bound.outside else said

    def distance(self, margin: float) -> str:
        """Say how far from its bound a value lies, on either side; shares differ by points."""
        far = abs(margin)
        if math.isnan(far):
            return UNKNOWN
        if math.isinf(far):
            return "no end"
        if not far:
            return "none"
        if not self.is_share:
            return with_unit(_two_digits(far), self.unit)
        points = _rounded(100 * far)
        return f"{points} point{'s' * (points != '1')}"

    def _around(self, equals: float, slack: float) -> str:
        if math.isnan(slack):
            return UNKNOWN
        if not slack:
            return self.value(equals)
        if self.is_share:
            return f"{_rounded(100 * equals)} ± {_rounded(100 * slack)} %"
        # A figure has no more decimals than what it may be off by.
        decimals = 1 - math.floor(math.log10(slack))
        return with_unit(f"{short(round(equals, decimals))} ± {_two_digits(slack)}", self.unit)

    def _plain(self, value: float) -> str:
        return _percent(value) if self.is_share else short(value)


def joined(names: list[str], word: str = "and") -> str:
    """Join names as a sentence does: a, b and c."""
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last


def plural(predicate: str) -> str:
    """Turn a predicate of one subject into that of several: "never has" into "never have"."""
    first, space, rest = predicate.partition(" ")
    if first in ADVERBS:
        return f"{first} {plural(rest)}"
    return f"{_base(first)}{space}{rest}"


ADVERBS = {"never", "hardly", "still", "always", "mostly", "also"}
VERBS = {"is": "are", "has": "have", "does": "do", "goes": "go"}


def _base(verb: str) -> str:
    if verb in VERBS:
        return VERBS[verb]
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    if verb.endswith(("shes", "ches", "sses", "xes")):
        return verb[:-2]
    return verb.removesuffix("s")


def _percent(share: float) -> str:
    """Write a share as per cent: 100 only for all and 0 only for none."""
    percent = 100 * share
    if share in {0, 1} or NEARLY <= share <= 1 - NEARLY or not 0 < share < 1:
        return _rounded(percent)
    for digits in range(1, DECIMALS):
        text = f"{percent:.{digits}f}"
        if 0 < float(text) < 100:  # noqa: PLR2004 - per cent
            return _trimmed(text)
    return "nearly 100" if share > NEARLY else "nearly 0"


def _rounded(percent: float) -> str:
    """Write per cent without decimals, unless they are all that there is."""
    return short(round(percent) if abs(percent) >= 1 else float(f"{percent:.1g}"))


def _two_digits(slack: float) -> str:
    """Write a tolerance to two digits: more would say that it is known better than it is."""
    return short(float(f"{slack:.2g}"))


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
