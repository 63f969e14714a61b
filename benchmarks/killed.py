"""Kills runs on containers with SIGKILL at moments of all phases, and tells what was left.

What a run leaves must be gone after the next start of anything, and what others have must not.
"""

import tempfile
from pathlib import Path

import click
from rich.console import Console

from benchmarks.tables import Table, machine
from harness.engines.compose.client import engine
from harness.engines.compose.images import reference
from harness.errors import ExitCode
from tests.engines.compose.killed import (
    bystanders,
    checkout,
    counted,
    kill,
    living,
    moments,
    present,
)

COLUMNS = ("no.", "killed while", "after s", "left", "next start", "left then")


@click.command()
@click.option("--moments", "count", type=click.IntRange(1), default=20, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--markdown", type=click.Path(path_type=Path), help="Also write the table there.")
def main(count: int, seed: int, markdown: Path | None) -> None:
    """Kill runs beside a living one and a stranger's containers; fails if anything is left."""
    table = Table(title=f"SIGKILL at {count} moments, seed {seed}", columns=COLUMNS)
    console = Console()
    with tempfile.TemporaryDirectory(prefix="chaoslab-killed-") as folder, engine() as client:
        root = Path(folder) / "killed"
        checkout(root)
        other = Path(folder) / "living"
        with bystanders(client, reference("base")) as names, living(client, other) as lives:
            bad = 0
            for number, moment in enumerate(moments(count, seed), 1):
                outcome = kill(client, root, moment)
                table.add(
                    *(str(number), outcome.phase, f"{moment.after_s:.2f}", counted(outcome.left)),
                    *(moment.next_start[0], counted(outcome.left_at_last)),
                )
                bad += bool(outcome.left_at_last)
                console.print(*table.rows[-1], sep=" | ")
            survived = lives() and present(client, names) == names
    console.print(table.rich(), machine())
    console.print(
        f"a living run and {len(names)} strangers: {'there' if survived else 'NOT there'}"
    )
    if markdown:
        markdown.write_text(table.markdown())
    raise SystemExit(ExitCode.EXPECTATION_FAILED if bad or not survived else ExitCode.AS_EXPECTED)


if __name__ == "__main__":
    main()
