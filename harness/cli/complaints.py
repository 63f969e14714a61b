"""What libraries log while services run: each complaint once, in one line."""

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from harness import catalogue


class OnceHandler(logging.Handler):
    """Says a warning or an error when it first comes up: a service may fail at every request."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._said: set[str] = set()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Say a record in one line, unless the same was said before."""
        error = record.exc_info[1] if record.exc_info else None
        line = " ".join((_raised(error) if error else record.getMessage()).split())
        if line not in self._said:
            self._said.add(line)
            self._say(line)


@contextmanager
def heard() -> Iterator[None]:
    """Print what is logged while the block lasts."""
    handler = OnceHandler(lambda line: click.echo(f"chaoslab: {line} (said once)", err=True))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


@contextmanager
def told(say: Callable[[str], None]) -> Iterator[None]:
    """Say what is logged while the block lasts, and let nobody else print it."""
    root = logging.getLogger()
    before, root.handlers = root.handlers, [OnceHandler(say)]
    try:
        yield
    finally:
        root.handlers = before


def _raised(error: BaseException) -> str:
    """Say what was raised and where: by the innermost line that is in the repository, if any."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(Path(frame.filename))]
    said = f"a service failed: {type(error).__name__}: {error}"
    if not ours:
        return said
    return f"{said}, in {catalogue.shown(Path(ours[-1].filename))}, line {ours[-1].lineno}"


def _is_ours(path: Path) -> bool:
    return any(path.is_relative_to(above) for above in (catalogue.ROOT, catalogue.home()))
