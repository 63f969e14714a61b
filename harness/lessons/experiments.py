"""The experiments of a lesson: the commands under *Break the fix*."""

from pathlib import Path

from harness.catalogue import Entry

BREAK = "## Break the fix"


def lesson(entry: Entry) -> Path:
    """Give the path of a lab's lesson."""
    return entry.folder / "README.md"


def part(entry: Entry) -> str:
    """Give what a lab's lesson says under *Break the fix*; nothing where there is no lesson."""
    try:
        text = lesson(entry).read_text()
    except OSError:
        return ""
    return text.partition(f"\n{BREAK}\n")[2].partition("\n## ")[0]


def experiments(entry: Entry) -> list[str]:
    """Give the commands about this lab, in the lesson's order."""
    lines = (line.strip() for line in part(entry).splitlines() if line.startswith("    "))
    return [line for line in lines if line.startswith(f"./lab run {entry.slug} ")]
