"""What several runs under way in one process share, whichever of them ends first."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """A context that is entered with its first user, and left with its last in any order."""

    def __init__(self, make: Callable[[], AbstractContextManager[T]]) -> None:
        self._make = make
        self._users = 0
        self._open: AbstractContextManager[T]
        self.value: T
        """What the context gives; there is one while there are users."""

    def __enter__(self) -> T:
        if not self._users:
            self._open = self._make()
            self.value = self._open.__enter__()
        self._users += 1
        return self.value

    def __exit__(self, *error: object) -> None:
        self._users -= 1
        if not self._users:
            # It is left in order whatever ends the last user: the others saw no error.
            self._open.__exit__(None, None, None)
            del self._open, self.value
