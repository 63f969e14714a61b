"""What predictions have come to, simulated: the mean over a check's seeds, machine-written.

`labs/prediction_record.tsv` has a row for each prediction that a check of several seeds was added
of. It holds for the lab as it was, by a digest of its definition.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import fmean

from harness import catalogue, record_file
from harness.check_results import Checked
from harness.checks.verdict import Kind, Verdict
from harness.model.definition import definition

FILE = "prediction_record.tsv"

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One prediction: its mean over so many seeds, in the measure's own unit.

    Of a prediction that is held against the mean of several runs, it is the mean of such means.
    """

    lab: str
    variant: str
    claim: str
    mean: float
    seeds: int
    definition: str

    @property
    def key(self) -> Key:
        """Which prediction it is."""
        return self.lab, self.variant, self.claim


def path() -> Path:
    """Give the file's place."""
    return catalogue.home() / FILE


def load() -> list[Row]:
    """Read all rows; none where there is no file.

    Raises:
        LabError: it cannot be read.

    """
    return record_file.read(path(), _row)


def write(rows: Iterable[Row]) -> None:
    """Write all rows, in the catalogue's order."""
    columns = [field.name for field in fields(Row)]
    cells = (asdict(row) | {"mean": f"{row.mean:.9g}"} for row in rows)
    record_file.write(path(), columns, cells)


def added(rows: Sequence[Row], checked: Iterable[Checked]) -> list[Row]:
    """Add what a check of the labs as they are has found, simulated.

    It takes the place of what was found of another lab, or over fewer seeds. A run that failed
    counts as one that passed does; one that proved nothing does not.
    """
    values: defaultdict[Key, list[float]] = defaultdict(list)
    for one in checked:
        if one.verdict is Verdict.INCONCLUSIVE:
            continue
        for control in one.controls:
            if control.kind is Kind.PREDICTION and math.isfinite(control.value):
                values[one.slug, control.variant, control.claim].append(control.value)
    digests = {lab: definition(catalogue.find(lab).lab) for lab, _, _ in values}
    there = {row.key: row for row in rows if digests.get(row.lab, row.definition) == row.definition}
    for key, seen in values.items():
        if key not in there or len(seen) >= there[key].seeds:
            lab, variant, claim = key
            there[key] = Row(
                lab=lab,
                variant=variant,
                claim=claim,
                mean=fmean(seen),
                seeds=len(seen),
                definition=digests[lab],
            )
    return list(there.values())


def _row(cells: Mapping[str, str]) -> Row:
    return Row(
        lab=cells["lab"],
        variant=cells["variant"],
        claim=cells["claim"],
        mean=float(cells["mean"]),
        seeds=int(cells["seeds"]),
        definition=cells["definition"],
    )
