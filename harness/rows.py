"""Rows of a run: the first thousands in memory, and when there are more, all in a file."""

import json
import math
import os
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import IO, Any, Generic, NamedTuple, TypeVar, get_type_hints, overload

R = TypeVar("R", bound=NamedTuple)

HELD = 20_000
"""Rows of one kind that are kept in memory, some 10 MB: more than most labs make."""

BLOCK = 1000
"""Rows that are written to the file, and read from it, at once."""


class Rows(Sequence[R]):
    """A sequence of named tuples to which rows can be added; many of them are kept in a file.

    The file has no name, so that nothing of it is left, however the process ends.
    """

    def __init__(self, kind: type[R], rows: Iterable[R] = ()) -> None:
        self._kind = kind
        self._form = Form(kind)
        self._held: list[R] = []
        self._most = HELD
        self._file: IO[bytes] | None = None
        self._bounds = [0]
        """Where in the file each block begins, and the last one ends."""
        for row in rows:
            self.append(row)

    def append(self, row: R) -> None:
        """Add a row at the end."""
        self._held.append(row)
        if len(self._held) >= self._most:
            self._spill()

    def save(self, path: Path) -> None:
        """Write all rows into a file, as lines of JSON."""
        with path.open("wb") as file:
            file.writelines(self._blocks())
            file.writelines(map(self._form.line, self._held))

    def __len__(self) -> int:
        return self._in_file + len(self._held)

    def __iter__(self) -> Iterator[R]:
        return chain(chain.from_iterable(map(self._read, pairwise(self._bounds))), self._held)

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> list[R]: ...
    def __getitem__(self, index: int | slice) -> R | list[R]:
        place = range(len(self))[index]
        if isinstance(place, range):
            return [self[each] for each in place]
        if place >= self._in_file:
            return self._held[place - self._in_file]
        block, place = divmod(place, BLOCK)
        start, end = self._bounds[block : block + 2]
        return self._read((start, end))[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment] # as a list has none

    def __repr__(self) -> str:
        return f"<{len(self)} rows>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process; what is in the file goes there by a file with a name."""
        return _arrived, (self._kind, self._held, self._bounds, self._named())

    def _named(self) -> str:
        """Copy the file into one that has a name, for whoever reads it to remove; "" if none."""
        if self._file is None:
            return ""
        with tempfile.NamedTemporaryFile(prefix="chaoslab-rows-", delete=False) as named:
            named.writelines(self._blocks())
        return named.name

    def _take_over(self, held: list[R], bounds: list[int], path: str) -> None:
        self._held, self._bounds = held, bounds
        if path:
            self._keep(Path(path).open("r+b"))  # noqa: SIM115 - open for as long as the rows are there
            Path(path).unlink()

    def _keep(self, file: IO[bytes]) -> None:
        self._file = file
        self._most = BLOCK
        weakref.finalize(self, file.close)

    @property
    def _in_file(self) -> int:
        return BLOCK * (len(self._bounds) - 1)

    def _spill(self) -> None:
        """Write full blocks; from now on, no more than one is held."""
        if self._file is None:
            self._keep(tempfile.TemporaryFile())  # noqa: SIM115 - open for as long as the rows are there
        assert self._file is not None  # noqa: S101 - it has just been opened
        self._file.seek(0, os.SEEK_END)
        while len(self._held) >= BLOCK:
            self._file.writelines(map(self._form.line, self._held[:BLOCK]))
            self._bounds.append(self._file.tell())
            del self._held[:BLOCK]
        self._file.flush()

    def _blocks(self) -> Iterator[bytes]:
        return map(self._block, pairwise(self._bounds))

    def _block(self, bounds: tuple[int, int]) -> bytes:
        assert self._file is not None  # noqa: S101 - there is a block in it
        start, end = bounds
        # Not by `seek` and `read`: a process that was forked reads the same file at the same time,
        # as where a report is drawn beside the rest, and both would move the one place in it.
        return os.pread(self._file.fileno(), end - start, start)

    def _read(self, bounds: tuple[int, int]) -> list[R]:
        return [self._form.row(line) for line in self._block(bounds).splitlines()]


def _arrived(kind: type[R], held: list[R], bounds: list[int], path: str) -> Rows[R]:
    """Put rows together that have travelled from another process."""
    rows = Rows(kind)
    rows._take_over(held, bounds, path)  # noqa: SLF001 - the other half of its pickling
    return rows


class Form(Generic[R]):
    """Rows of one kind as objects of JSON, under the names of their fields."""

    def __init__(self, kind: type[R]) -> None:
        self._make: Callable[..., R] = kind
        hints = get_type_hints(kind)
        self._numbers = [name for name in kind._fields if hints[name] is float]

    def cells(self, row: R) -> dict[str, object]:
        """Give a row as an object."""
        cells = row._asdict()
        for name in self._numbers:
            cells[name] = plain(cells[name])
        return cells

    def made(self, cells: dict[str, Any]) -> R:
        """Make a row of an object."""
        numbers = {name: number(cells[name]) for name in self._numbers}
        return self._make(**{**cells, **numbers})

    def line(self, row: R) -> bytes:
        """Write a row as a line."""
        return json.dumps(self.cells(row)).encode() + b"\n"

    def row(self, line: bytes) -> R:
        """Read a row from a line."""
        return self.made(json.loads(line))


def write(path: Path, kind: type[R], rows: Iterable[R]) -> None:
    """Write rows into a file, as lines of JSON."""
    (rows if isinstance(rows, Rows) else Rows(kind, rows)).save(path)


def read(path: Path, kind: type[R]) -> Rows[R]:
    """Read what `write` wrote."""
    form = Form(kind)
    with path.open("rb") as file:
        return Rows(kind, map(form.row, file))


def plain(value: object) -> object:
    """Give None for NaN and words for infinities, which JSON does not have."""
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return None if math.isnan(value) else ("inf" if value > 0 else "-inf")


def number(cell: float | str | None) -> float:
    """Give the number that `plain` was given."""
    if cell is None:
        return math.nan
    return float(cell) if isinstance(cell, str) else cell
