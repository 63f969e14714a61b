"""Which labs are due, on containers or to be proven: those that have changed, then some in turn.

A run on containers takes as long as the lab does; two hundred labs would take a day, and their
proofs an hour. So each check in a project's CI takes a share: labs whose record is of another lab,
or that have none, and of the others another part each day. All are simulated every time anyway.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from harness import catalogue, seed_ledger, track_record
from harness.catalogue import Entry
from harness.model.lab import Lab
from harness.proof import kept
from harness.shards import runs
from harness.track_record import Now, Row

Given = TypeVar("Given")

OVERHEAD_S = 15.0
"""What starting and stopping the containers of one run takes, about."""

SEEDS_IN_TURN, PLANS_IN_TURN = 1, 3
"""How many labs' seeds and plans of the ledger are tried in turn: some ten seconds of a core."""

IN_TURN = 6
"""How many labs are proven in turn, each some fifteen seconds of a core; nights prove all."""


def measured_s(lab: Lab) -> float:
    """Estimate how long a check of a lab on containers takes: its runs, and those without fault."""
    return runs(lab) * (lab.duration_s + OVERHEAD_S)


def due(slugs: Sequence[str], minutes: float, today: date) -> list[str]:
    """Choose labs for so many minutes, the most urgent first; at least one if there is any."""
    rows = {row.lab: row for row in track_record.load() if row.engine == "compose"}
    entries = [catalogue.find(slug) for slug in slugs]
    entries = [one for one in entries if not one.lab.simulated_only]
    turn = today.toordinal() % max(1, len(entries))
    turned = _turned(entries, turn)
    chosen: list[str] = []
    left_s = 60 * minutes
    for entry in sorted(turned, key=lambda one: _is_proven(one, rows.get(one.slug))):
        cost_s = measured_s(entry.lab)
        if cost_s <= left_s or not chosen:
            chosen.append(entry.slug)
            left_s -= cost_s
    return chosen


def due_to_prove(slugs: Sequence[str], today: date) -> list[str]:
    """Choose all labs whose proof is of something else, and a few of the others, in their order."""
    rows = kept.load()
    changed = [
        slug
        for slug in slugs
        if slug not in rows or rows[slug].digest != kept.digest(catalogue.find(slug))
    ]
    others = [slug for slug in slugs if slug not in changed]
    first = today.toordinal() * IN_TURN % max(1, len(others))
    turn = _turned(others, first)[:IN_TURN]
    return [slug for slug in slugs if slug in changed or slug in turn]


def ledger_in_turn(rows: Sequence[seed_ledger.Row], today: date) -> list[seed_ledger.Row]:
    """Choose a few of the seeds that have failed once, others each day."""
    plans = [row for row in rows if row.lab == seed_ledger.SWARM]
    seeds = [row for row in rows if row.lab != seed_ledger.SWARM]
    return [
        row
        for some, count in ((seeds, SEEDS_IN_TURN), (plans, PLANS_IN_TURN))
        for row in _turned(some, today.toordinal() * count % max(1, len(some)))[:count]
    ]


def _turned(given: list[Given], first: int) -> list[Given]:
    """Let another one be the first, and those before it the last."""
    return given[first:] + given[:first]


def _is_proven(entry: Entry, row: Row | None) -> bool:
    return row is not None and not row.failed and not row.since(Now(entry))
