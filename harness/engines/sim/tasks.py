"""Tasks that a set holds in the same order in every run."""

import asyncio
from collections.abc import Coroutine, Generator, Iterator
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

T = TypeVar("T")

ALL_TASKS = asyncio.all_tasks
"""Every task of a loop, whoever asks; a service that asks asyncio gets those of its process."""


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


class InOrder(set[asyncio.Task[Any]]):
    """A set of tasks that is gone through in the order in which they were made."""

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        return iter(sorted(super().__iter__(), key=_made))

    def __sub__(self, others: AbstractSet[object]) -> "InOrder":
        return InOrder(task for task in super().__iter__() if task not in others)


def _made(task: asyncio.Task[Any]) -> tuple[int, int]:
    """Give a task's place: those that aiohttp makes itself have but a name that counts them."""
    if isinstance(task, Task):
        return 0, hash(task)
    number = task.get_name().rpartition("-")[2]
    return 1, int(number) if number.isdigit() else 0
