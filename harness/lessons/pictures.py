"""The picture of a lesson, which keeps a digest of what it shows."""

import hashlib
from collections.abc import Sequence

from harness.catalogue import Entry
from harness.lessons.evidence import ENGINES, Evidence
from harness.report import figures
from harness.report.panels import Panel, panels_of

PICTURE = "picture.png"
MARK = "Chaoslab"
"""Under this name a picture holds the digest of what it shows."""


def draw(entry: Entry, evidence: Evidence) -> None:
    """Draw the lab's first plot, or goodput, of all variants and engines."""
    shown = panels(entry, evidence)
    marks = {MARK: digest(entry.lab.title, shown)}
    figures.draw(entry.lab.title, shown, entry.folder / PICTURE, marks)


def panels(entry: Entry, evidence: Evidence) -> list[Panel]:
    """Give what the picture shows."""
    variants = [one.name for one in entry.lab.variants]
    shown = [
        evidence[engine].seen[variant].pictured
        for variant in variants
        for engine in ENGINES
        if engine in evidence
    ]
    return panels_of(entry.lab, shown)


def digest(title: str, panels: Sequence[Panel]) -> str:
    """Give 16 hex digits of everything that is drawn, so that a stale picture is found."""
    return hashlib.sha256(repr((title, panels)).encode()).hexdigest()[:16]
