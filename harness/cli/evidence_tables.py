"""The tables in labs/EVIDENCE.md: seeds that pass, and each prediction beside what was seen."""

from collections.abc import Sequence

from harness import catalogue, track_record
from harness.held_predictions import Held, every, near
from harness.lessons.figures import said

PAGE = "EVIDENCE.md"
ENGINES = {"sim": "simulated", "compose": "on containers"}


def write() -> None:
    """Put each table between its markers in EVIDENCE.md, if that has any."""
    path = catalogue.home() / PAGE
    if path.exists():
        path.write_text(renewed(path.read_text()))


def renewed(text: str) -> str:
    """Give a page with its tables as they are now; what stands around their markers stays."""
    for name, table in (("seeds", seeds), ("predictions", predictions)):
        before, begin, rest = text.partition(f"<!-- begin {name}: made by ./lab evidence -->")
        _, end, after = rest.partition(f"<!-- end {name} -->")
        if begin and end:
            text = f"{before}{begin}\n\n{table()}\n\n{end}{after}"
    return text


def seeds() -> str:
    """Write under which seeds each lab has passed as a Markdown table, a line for each lab."""
    cells = {(row.lab, row.engine): f"{row.seeds()}, {row.day}" for row in track_record.load()}
    head = "| lab | simulated: seeds that pass | on containers: seeds that pass |"
    lines = [head, "|---|---|---|"]
    for slug in catalogue.slugs():
        shown = [cells.get((slug, engine), "-") for engine in ENGINES]
        lines.append(f"| {slug} | {' | '.join(shown)} |")
    return "\n".join(lines)


def predictions() -> str:
    """Write all predictions beside what was seen as a Markdown table, and how far off they are."""
    held = every()
    titles = "lab, variant | figure | theory | one run may be off by | simulated | off by | seeds"
    lines = [_summary(held), "", f"| {titles} | on containers | off by |"]
    lines.append("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for one in held:
        wanted, measure = one.prediction, one.prediction.measure
        off = one.off(one.simulated)
        cells = [
            f"{one.lab}, {wanted.on}",
            measure.name,
            said(wanted.equals, measure),
            f"±{one.share(one.tolerance)}",
            said(one.simulated, measure),
            f"**{off}**" if one.is_beyond else off,
            f"{one.seeds}",
            said(one.measured, measure),
            one.off(one.measured),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _summary(held: Sequence[Held]) -> str:
    from_theory = sum(one.prediction.source.startswith("theory:") for one in held)
    parts = [f"{len(held)} predictions, {from_theory} of them from a formula of `./lab calc`"]
    found = near(held)
    if found:
        parts += [
            f"{called}, half are within {one.half} and nine of ten within {one.most}"
            for called, one in zip(ENGINES.values(), found, strict=True)
        ]
    means = [one for one in held if one.seeds > 1]
    if means:
        within = sum(not one.is_beyond for one in means)
        parts.append(f"of {len(means)} means over seeds, {within} are as near as they must be")
    return "; ".join(parts) + "."
