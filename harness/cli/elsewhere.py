"""`--labs DIR`: a command that works on the labs of another repository."""

from pathlib import Path

from harness import catalogue, labs_folder, store
from harness.cli import program
from harness.errors import LabError


def use(folder: Path, *, may_be_empty: bool) -> None:
    """Turn to a folder's labs; runs of them are kept in `runs/` of the current folder.

    Raises:
        LabError: there is no lab in it, and there must be.
        EnvironmentNotReadyError: there is no such folder, or a service in it has a taken name.

    """
    labs_folder.choose(folder)
    store.RUNS = Path.cwd() / "runs"
    program.remember(folder)
    if not may_be_empty and not catalogue.slugs():
        raise LabError(
            f"--labs {folder}: no lab in it, as {folder}/NAME/lab.py or {folder}/TRACK/NAME/lab.py;"
            f" {program.name()} new NAME --labs {folder} writes one"
        )
