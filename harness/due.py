"""Which labs are due on containers: those that have changed, then those that waited longest.

A run on containers takes as long as the lab does; two hundred labs would take a day. So each check
in a project's CI takes a share: labs whose track record is of another lab, or has none, come first,
then the others in turn, another part of them each day. All labs are simulated every time anyway.
"""

from collections.abc import Sequence
from datetime import date

from harness import catalogue, track_record
from harness.catalogue import Entry
from harness.model.lab import Lab
from harness.shards import runs
from harness.track_record import Row

OVERHEAD_S = 15.0
"""What starting and stopping the containers of one run takes, about."""


def measured_s(lab: Lab) -> float:
    """Estimate how long a check of a lab on containers takes: its runs, and those without fault."""
    return runs(lab) * (lab.duration_s + OVERHEAD_S)


def due(slugs: Sequence[str], minutes: float, today: date) -> list[str]:
    """Choose labs for so many minutes, the most urgent first; at least one if there is any."""
    rows = {row.lab: row for row in track_record.load() if row.engine == "compose"}
    entries = [catalogue.find(slug) for slug in slugs]
    entries = [one for one in entries if not one.lab.simulated_only]
    turn = today.toordinal() % max(1, len(entries))
    turned = entries[turn:] + entries[:turn]
    chosen: list[str] = []
    left_s = 60 * minutes
    for entry in sorted(turned, key=lambda one: _is_proven(one, rows.get(one.slug))):
        cost_s = measured_s(entry.lab)
        if cost_s <= left_s or not chosen:
            chosen.append(entry.slug)
            left_s -= cost_s
    return chosen


def _is_proven(entry: Entry, row: Row | None) -> bool:
    return row is not None and not row.failed and not row.since(entry)
