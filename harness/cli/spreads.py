"""What every control came to over many runs, as the lines of a Markdown table."""

from collections.abc import Iterable, Iterator
from statistics import median

from harness.checks.verdict import Control, Kind, Verdict
from harness.model.expect import Bound
from harness.report.text import figure, wanted

COLUMNS = ("variant", "value", "wanted", "least", "median", "most", "passed")
RULES = ("---", "---", "---", "---:", "---:", "---:", "---:")
Key = tuple[str, Kind, str, Bound]


def lines(controls: Iterable[Control]) -> Iterator[str]:
    """Give a row for each value that was held against a bound, from all runs of one lab.

    Faults that were read back in every run have none.
    """
    groups: dict[Key, list[Control]] = {}
    for one in controls:
        groups.setdefault((one.variant, one.kind, _value(one), one.bound), []).append(one)
    variants = list(dict.fromkeys(variant for variant, *_ in groups))
    yield _row(COLUMNS)
    yield _row(RULES)
    for key in sorted(groups, key=lambda key: variants.index(key[0])):
        passed = sum(one.verdict is Verdict.PASS for one in groups[key])
        if key[1] is not Kind.READ_BACK or passed < len(groups[key]):
            yield _row(_cells(groups[key], passed))


def _cells(group: list[Control], passed: int) -> Iterator[str]:
    first, values = group[0], [one.value for one in group]
    yield from (first.variant, _value(first))
    yield wanted(first.kind, first.bound, first.unit)
    for value in (min(values), median(values), max(values)):
        yield figure(value, first.unit)
    yield f"{passed} of {len(group)}"


def _value(one: Control) -> str:
    """Name what was judged; a measure alone does not always say it."""
    if one.kind is Kind.TIMING:
        return f"{one.claim}: {one.measure}"
    return f"{one.measure} ({one.kind})" if one.kind is Kind.NEGATIVE else one.measure


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
