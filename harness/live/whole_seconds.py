"""What has been recorded up to a run's last whole second, for plots that ask for each second.

A long run keeps its rows in a file, so they are read when they are first asked for, and once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import cached_property
from typing import Self, TypeVar, overload

from harness.recording import Recording, Request

R = TypeVar("R")


class WholeSeconds(Recording):
    """A recording without what was due after its last whole second, as in one that is over."""

    @classmethod
    def of(cls, recording: Recording) -> Self:
        """Leave out of a recording under way what was due after the end that it gives itself."""
        values = {field.name: getattr(recording, field.name) for field in fields(recording)}
        end_s = recording.duration_s
        requests, spans = recording.requests, recording.spans
        values["requests"] = ReadOnce(lambda: [one for one in requests if one.intended_s < end_s])
        values["spans"] = ReadOnce(lambda: [one for one in spans if one.start_s < end_s])
        return cls(**values)

    def due(self, start_s: float, end_s: float) -> Iterator[Request]:
        """Go through the requests that were due in [start, end), in their order.

        For one whole second these are looked up: a plot asks so for every second of the run.
        """
        if end_s == start_s + 1 and float(start_s).is_integer():
            return iter(self._by_second.get(int(start_s), ()))
        return super().due(start_s, end_s)

    @cached_property
    def _by_second(self) -> dict[int, list[Request]]:
        found: defaultdict[int, list[Request]] = defaultdict(list)
        for request in self.requests:
            found[int(request.intended_s)].append(request)
        return found


class ReadOnce(Sequence[R]):
    """Rows that are read when one of them is first asked for."""

    def __init__(self, read: Callable[[], list[R]]) -> None:
        self._read = read

    @cached_property
    def _rows(self) -> list[R]:
        return self._read()

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self._rows)

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> list[R]: ...
    def __getitem__(self, index: int | slice) -> R | list[R]:
        return self._rows[index]
