"""The files in which people and CI read of a check, written while it goes on."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness import check_markdown, junit
from harness.check_results import Checked
from harness.cli.check_asked import Asked
from harness.errors import EnvironmentNotReadyError

WRITTEN_EVERY_S = 2.0
"""How often JUnit and Markdown are brought up to date, at most: they are written as a whole."""


def refuse_without_folder(path: Path | None) -> None:
    """Refuse a file that cannot be made, before anything is run.

    Raises:
        EnvironmentNotReadyError: its folder is not there.

    """
    if path and not path.absolute().parent.is_dir():
        raise EnvironmentNotReadyError(f"{path}: there is no such folder; make it first")


class Files:
    """JUnit and Markdown, which are brought up to date as results come."""

    def __init__(self, asked: Asked, junit_path: Path | None, markdown_path: Path | None) -> None:
        self.problems: list[str] = []
        """What could not be written at the end, a line each."""
        self._asked = asked
        self._place = {job: number for number, job in enumerate(asked.work())}
        self._checked: list[Checked] = []
        self._written_s = -math.inf
        self._writers = [
            (path, write)
            for path, write in ((junit_path, self._junit), (markdown_path, self._markdown))
            if path
        ]

    def keep(self, one: Checked) -> None:
        """Take a result. A file that cannot be written now may be at the end.

        What is no plain file is written once, at the end.
        """
        self._checked.append(one)
        if time.monotonic() > self._written_s + WRITTEN_EVERY_S:
            for path, write in self._writers:
                if path.is_file() or not path.exists():
                    with suppress(EnvironmentNotReadyError):
                        write(path)
            self._written_s = time.monotonic()

    def finish(self) -> None:
        """Write all there is; what cannot be written must not hide what was found."""
        for path, write in self._writers:
            try:
                write(path)
            except EnvironmentNotReadyError as error:
                self.problems.append(str(error))

    def _ordered(self) -> list[Checked]:
        return sorted(self._checked, key=lambda one: self._place[one.job])

    def _junit(self, path: Path) -> None:
        junit.write([self._asked.suite(one) for one in self._ordered()], path)

    def _markdown(self, path: Path) -> None:
        asked = self._asked
        about = f" (shard {asked.shard})" if asked.shard else ""
        total = len(self._place)
        told = check_markdown.lines(self._ordered(), asked.replay, total=total, about=about)
        check_markdown.write(told, path)


@contextmanager
def written(asked: Asked, junit_path: Path | None, markdown_path: Path | None) -> Iterator[Files]:
    """Give the files; a check that is interrupted keeps what it has."""
    files = Files(asked, junit_path, markdown_path)
    try:
        yield files
    finally:
        files.finish()
