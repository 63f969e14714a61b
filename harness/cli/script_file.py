"""`--script FILE`: an experiment that was exported, or written by hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from harness.catalogue import Entry
from harness.errors import LabError
from harness.model.experiment import Experiment, experiment_from_json

MOST_BYTES = 4_000_000


def experiment_of(path: Path, entry: Entry) -> Experiment:
    """Read an experiment of a lab.

    Raises:
        LabError: the file cannot be read, is no experiment, or is one of another lab.

    """
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise LabError(f"--script {path}: it has more than {MOST_BYTES:,} bytes")
        document = json.loads(text, parse_constant=_refuse)
    except OSError as error:
        raise LabError(f"--script {path}: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, RecursionError) as error:
        raise LabError(f"--script {path}: it is not JSON: {error}") from error
    try:
        experiment = experiment_from_json(document)
        experiment.of(entry.lab)
    except LabError as error:
        raise LabError(f"--script {path}: {error}") from error
    if experiment.lab not in ("", entry.slug):
        name = experiment.lab
        raise LabError(f"--script {path}: it is of {name!r}; run ./lab run {name} --script {path}")
    return experiment


def settings_of(experiment: Experiment) -> Iterator[str]:
    """Write an experiment's settings as `--set` has them."""
    for name, value in experiment.settings.items():
        yield f"{name}={json.dumps(value)}"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
