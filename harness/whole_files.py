"""Files that are whole whenever somebody reads them: written beside their place, then put there."""

import os
from pathlib import Path

from harness.errors import EnvironmentNotReadyError


def put(content: bytes, path: Path) -> None:
    """Write a file in place of what was there.

    What is no plain file, such as a pipe or a device, is written to as it is, for it must not be
    replaced; a link stays one.

    Raises:
        EnvironmentNotReadyError: the file cannot be written.

    """
    try:
        _put(content, path.resolve())
    except OSError as error:
        said = f"{path}: {error.strerror}; the checks have run, see above"
        raise EnvironmentNotReadyError(said) from error


def _put(content: bytes, path: Path) -> None:
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
