"""Bytes that were sent and not yet taken, in a sender's sockets: a stream, however it was cut."""

from collections import deque


class Backlog:
    """A queue of bytes; `len` counts its pieces, as they were written or what is left of them."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: deque[bytes | memoryview] = deque()

    def __len__(self) -> int:
        return len(self._pieces)

    def append(self, data: bytes) -> None:
        """Put bytes behind the others."""
        self._pieces.append(data)

    def clear(self) -> None:
        """Lose everything."""
        self._pieces.clear()

    def take(self, limit: int) -> bytes:
        """Take the first piece, or as much of it as the limit allows."""
        data = self._pieces.popleft()
        if len(data) > limit:
            view = memoryview(data)
            self._pieces.appendleft(view[limit:])
            data = view[:limit]
        return bytes(data)

    def read(self, limit: int) -> bytes:
        """Take what one read of a socket gives: as much as is there, up to the limit."""
        taken, left = [], limit
        while left and self._pieces:
            taken.append(self.take(left))
            left -= len(taken[-1])
        return b"".join(taken)

    def cut(self, size: int) -> None:
        """Drop the given number of bytes from the end."""
        while size:
            last = self._pieces.pop()
            if len(last) > size:
                self._pieces.append(memoryview(last)[: len(last) - size])
                return
            size -= len(last)
