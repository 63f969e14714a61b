"""Tasks that a set holds in the same order in every run."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


class Task(asyncio.Task[T]):
    """A task that is known by its number, and not by where in memory it is.

    A `TaskGroup` keeps its tasks in a set, in whose order it cancels them; `asyncio.wait` gives
    sets, through which services go.
    """

    __slots__ = ("_number",)

    def __init__(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        number: int,
        **options: Any,  # noqa: ANN401 - asyncio's own
    ) -> None:
        # First, as asyncio keeps a set of all tasks, too.
        self._number = number
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        return self._number
