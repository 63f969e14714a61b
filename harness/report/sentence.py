"""The answer of a run in one sentence or two, made from what the lab claims and what was seen."""

import math
from collections.abc import Iterator, Sequence

from harness.checks.verdict import Control, Kind, Verdict
from harness.model.reading import Phrase
from harness.model.variant import Broken, Fixed, Measured, Variant
from harness.report.folded_rows import FoldedRow, folded, is_claimed
from harness.report.words import joined
from harness.result import Result

NO_ANSWER = {
    Kind.TIMING: "your computer was too busy to keep the schedule",
    Kind.BASELINE: "the system was not healthy before the fault",
    Kind.READ_BACK: "a fault was not applied, or not removed",
}
"""Why a run has no answer, by the control that says so."""


def sentence(result: Result) -> str:
    """Say what was seen: the broken variants first, then the fixed ones, then what is compared.

    Only claims with a phrase are told, each with the value that its run has shown. Where nothing
    was shown, it says why.
    """
    if result.verdict is Verdict.INCONCLUSIVE:
        return f"No answer this time: {reason(result)}."
    sentences: list[str] = []
    opening = result.lab.reading.opening
    for kind in (Broken, Fixed, Measured):
        clauses = list(_clauses(result, kind))
        if clauses:
            told = "; ".join(clauses)
            sentences.append(f"{opening}, {told}." if opening and not sentences else f"{told}.")
    return " ".join(sentences)


def reason(result: Result) -> str:
    """Say why a run is inconclusive."""
    kinds = [one.kind for one in result.controls if one.verdict is Verdict.INCONCLUSIVE]
    return NO_ANSWER.get(kinds[0], "nothing was shown") if kinds else "nothing ran"


def _clauses(result: Result, kind: type[Variant]) -> Iterator[str]:
    """Give the clauses about variants of a kind; those about the same variants as one."""
    by_subject: dict[tuple[str, ...], list[str]] = {}
    for predicate, values in _told(result, kind).items():
        said = list(dict.fromkeys(values.values()))
        subject, told = tuple(values), predicate.format(value=joined(said))
        by_subject.setdefault(subject, []).append(told)
    for names, predicates in by_subject.items():
        yield f"{joined(list(names))} {joined(predicates)}"


def _told(result: Result, kind: type[Variant]) -> dict[str, dict[str, str]]:
    """Give the value of each variant by the predicate that is said of it, in the phrases' order.

    Where one predicate has different values, each variant has one; of two that a variant would
    have, the first counts.
    """
    lab = result.lab
    rows = [row for row in folded(result) if all(is_claimed(one) for one in row.controls)]
    phrases = lab.reading.phrases or {row.claim: _plain(row.claim) for row in rows}
    order = list(phrases)
    told = [row for row in rows if row.claim in order and phrases[row.claim].told]
    found: dict[str, dict[str, str]] = {}
    for row in sorted(told, key=lambda row: order.index(row.claim)):
        for place, name in enumerate(row.variants):
            if lab.kind_of(name) is kind:
                controls = [of_engine[place] for _, of_engine in row.seen]
                predicate = _predicate(phrases[row.claim], controls)
                found.setdefault(predicate, {}).setdefault(name, _value(row, controls))
    return found


def _plain(claim: str) -> Phrase:
    """Make a phrase of a claim, for a lab that has none: its name, as it stands."""
    name = claim.replace("{", "{{").replace("}", "}}")
    return Phrase(row=claim, told=name, missed=f"did not show that it {name}")


def _predicate(phrase: Phrase, controls: Sequence[Control]) -> str:
    if phrase.never and any(math.isinf(one.value) for one in controls):
        return phrase.never
    held = all(one.verdict is Verdict.PASS for one in controls)
    return phrase.told if held else phrase.missed


def _value(row: FoldedRow, controls: Sequence[Control]) -> str:
    """Say what was seen, and in brackets what was measured, where both engines ran."""
    first, *others = [row.words.value(one.value) for one in controls]
    return f"{first} (measured: {', '.join(others)})" if others else first


def engines(rows: Sequence[FoldedRow]) -> tuple[str, ...]:
    """Name the engines that any row has values of, in their order."""
    return tuple(dict.fromkeys(engine for row in rows for engine, _ in row.seen))
