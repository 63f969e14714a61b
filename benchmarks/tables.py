"""What the benchmarks print: tables, on a terminal or as Markdown, and the machine's name."""

import math
import os
import platform
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(slots=True, kw_only=True)
class Table:
    """A title, a header, and rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Add a row."""
        self.rows.append(cells)

    def markdown(self) -> str:
        """Give the table as Markdown."""
        rule = tuple("---" if number == 0 else "---:" for number in range(len(self.columns)))
        lines = ["| " + " | ".join(row) + " |" for row in (self.columns, rule, *self.rows)]
        return f"**{self.title}**\n\n" + "\n".join(lines) + "\n"

    def rich(self) -> RichTable:
        """Give the table for a terminal."""
        table = RichTable(title=self.title, title_justify="left")
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="left" if number == 0 else "right")
        for row in self.rows:
            table.add_row(*row)
        return table


def machine() -> str:
    """Name what the figures hold for: CPU, cores, Python, and how busy it was."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cpu = found[1] if found else platform.machine()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{cpu}, {os.cpu_count()} cores, {python}, load average {os.getloadavg()[0]:.1f}"


def spread(values: Sequence[float], form: str = ".0f") -> str:
    """Write a median with the least and the most."""
    median, low, high = statistics.median(values), min(values), max(values)
    return f"{median:{form}} ({low:{form}}-{high:{form}})"


def quantile(values: Sequence[float], share: float) -> float:
    """Give the value that a share of them is not above."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def show(tables: Sequence[Table], markdown: Path | None) -> None:
    """Print tables, and write them as Markdown if a file is given."""
    console = Console()
    console.print(machine())
    for table in tables:
        console.print(table.rich())
    if markdown:
        text = "\n".join(table.markdown() for table in tables)
        markdown.write_text(f"{machine()}\n\n{text}")
