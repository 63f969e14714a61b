"""A lesson with its figures put in between markers, from the evidence beside it.

Markers are comments, so a reader does not see them, and what is between them is written anew:

    <!-- begin: made by ./lab lesson: sparklines -->      good answers a second of each variant
    <!-- begin: made by ./lab lesson: text naive: notes -->     lines that were kept of a run
    <!-- begin: made by ./lab lesson: map -->             the lab's own map, of ./lab sweep NAME
    <!-- begin: made by ./lab lesson: map trigger-size -->      that of ./lab sweep NAME --map ...
    <!-- begin: made by ./lab lesson: table                     a row for each figure:
    `naive`: calls each second = naive: calls to payments, 12-25 s
    -->
    <!-- end -->

and in a sentence `<!--=naive: calls to payments, 12-25 s-->281<!--/-->`, or a setting of the lab,
`<!--=load.rate_rps-->70<!--/-->`.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from harness.catalogue import Entry
from harness.errors import LabError
from harness.lessons import figures, lesson_map
from harness.lessons.evidence import ENGINES, Evidence, Seen
from harness.model.expect import Measure
from harness.model.reading import Line
from harness.report.lines import caption, top_of
from harness.report.panels import called
from harness.report.text import UNKNOWN, sparkline
from harness.report.words import Words

BLOCK = re.compile(
    r"<!-- begin: made by \./lab lesson: (?P<kind>\w+)(?P<spec>[^>]*?)-->\n"
    r"(?P<body>.*?)<!-- end -->",
    re.DOTALL,
)
INLINE = re.compile(r"(?P<head><!--=(?P<words>.+?)-->)(?P<value>.*?)<!--/-->", re.DOTALL)
CODE = "    "
HEADINGS = ("", "expected", "simulated", "measured")


def rewritten(text: str, entry: Entry, evidence: Evidence) -> str:
    """Give a lesson with everything between its markers written anew.

    Raises:
        LabError: a marker asks for what is not there; the message says which.

    """
    made = BLOCK.sub(lambda found: _block(found, entry, evidence), text)
    return INLINE.sub(lambda found: _inline(found, entry, evidence), made)


def texts(lesson: str) -> list[tuple[str, str]]:
    """Give the variants and names of the texts that a lesson shows."""
    found = (_text_of(block) for block in BLOCK.finditer(lesson) if block["kind"] == "text")
    return list(found)


def _block(found: re.Match[str], entry: Entry, evidence: Evidence) -> str:
    kind = found["kind"]
    makers = {"sparklines": _sparklines, "table": _table, "text": _text, "map": _map}
    if kind not in makers:
        there = ", ".join(makers)
        raise LabError(f"{entry.slug}'s lesson has a block {kind!r}; there are: {there}")
    head = found.group().partition("-->\n")[0]
    lines = makers[kind](found, entry, evidence)
    return "\n".join([f"{head}-->", "", *lines, "", "<!-- end -->"])


def _sparklines(found: re.Match[str], entry: Entry, evidence: Evidence) -> Iterator[str]:
    del found
    there = [engine for engine in ENGINES if engine in evidence]
    names = [one.name for one in entry.lab.variants]
    lines = {(name, engine): evidence[engine].seen[name] for name in names for engine in there}
    words = entry.lab.reading.line
    top = top_of(entry.lab, [value for seen in lines.values() for value in seen.line])
    room = max(map(len, names)) + 1
    yield f"{CODE}{caption(entry.lab)}"
    for (name, engine), seen in lines.items():
        drawn = sparkline(seen.line, top=top)
        yield f"{CODE}{called(engine):<9} {name:<{room}}{drawn}  {_ends(words, seen)}".rstrip()


def _ends(words: Line | None, seen: Seen) -> str:
    """Say what stands at a line's end."""
    return ", ".join(
        end.said.format(value=_as_on_the_terminal(seen.values[end.measure.name], end.measure))
        for end in (words.ends if words else ())
    )


def _as_on_the_terminal(value: float, measure: Measure) -> str:
    return Words(measure.unit, measure.is_share).value(value)


def _table(found: re.Match[str], entry: Entry, evidence: Evidence) -> Iterator[str]:
    yield _row(HEADINGS)
    yield "|" + "---|" * len(HEADINGS)
    for line in found["spec"].strip().splitlines():
        words, _, referred = line.rpartition(" = ")
        reference = figures.parsed(referred)
        if not words or reference is None:
            raise LabError(
                f"{entry.slug}'s lesson has a row {line!r}; write it as WORDS = VARIANT: MEASURE"
            )
        with _located(entry, line):
            measure = figures.found(entry, reference.measure)
            cells = [figures.seen(evidence, engine, reference, measure) for engine in ENGINES]
            yield _row([words, figures.expected(entry.lab, reference, measure), *cells])
    yield ""
    yield _when(evidence)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def _when(evidence: Evidence) -> str:
    """Say which runs a table shows."""
    measured = evidence.get("compose")
    if measured is None:
        return f"Seed 1. {UNKNOWN}: not measured on containers since the lab has last changed."
    day = date.fromisoformat(measured.day)
    return f"Seed 1. Measured on containers on {day.day} {day:%B %Y}."


def _text(found: re.Match[str], entry: Entry, evidence: Evidence) -> Iterator[str]:
    variant, name = _text_of(found)
    with _located(entry, found["spec"]):
        seen = evidence["sim"].seen.get(variant)
        if seen is None or name not in seen.texts:
            raise LabError(f"no text {name!r} of {variant!r}; ./lab lesson {entry.slug} makes it")
    yield from (f"{CODE}{line}".rstrip() for line in seen.texts[name])


def _map(found: re.Match[str], entry: Entry, evidence: Evidence) -> Iterator[str]:
    del evidence
    swept = lesson_map.load(entry, found["spec"].strip())
    yield from (f"{CODE}{line}".rstrip() for line in lesson_map.lines(swept))


def _text_of(found: re.Match[str]) -> tuple[str, str]:
    variant, _, name = found["spec"].strip().partition(": ")
    return variant, name


def _inline(found: re.Match[str], entry: Entry, evidence: Evidence) -> str:
    words = found["words"]
    with _located(entry, words):
        value = figures.setting(entry.lab, words)
        reference = figures.parsed(words)
        if value is None and reference:
            value = figures.seen(evidence, "sim", reference, None)
        if value is None:
            raise LabError("write it as VARIANT: MEASURE, or as SERVICE.SETTING")
    return f"{found['head']}{value}<!--/-->"


@contextmanager
def _located(entry: Entry, where: str) -> Iterator[None]:
    """Say of what is wrong with a figure where in the lesson it stands."""
    try:
        yield
    except LabError as error:
        raise LabError(f"{entry.slug}'s lesson, at {where.strip()!r}: {error}") from error
