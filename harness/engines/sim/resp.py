"""RESP, the protocol of Redis: requests read piece by piece, replies written in version 2 or 3.

Source: https://redis.io/docs/latest/develop/reference/protocol-spec/.
"""

from collections.abc import Iterator, Mapping, Sequence

from fakeredis._command_args_parsing import Float
from fakeredis._helpers import SimpleError, SimpleString

RESP3 = 3
"""The version that has maps, doubles, a null of its own, and pushes."""

BULK_LIMIT_BYTES = 512 * 1024 * 1024
ARRAY_LIMIT = 1024 * 1024


class ProtocolError(Exception):
    """Bytes that are no request; the message is what Redis answers before it hangs up."""


class Requests:
    """Cuts a stream of bytes into requests, however the network sliced it."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0
        self._fields: list[bytes] = []
        self._expected = 0

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data

    def next(self) -> list[bytes] | None:
        """Give the next whole request; None while there is none.

        Raises:
            ProtocolError: what has arrived is no request.

        """
        if not self._expected and not self._begin():
            return None
        while len(self._fields) < self._expected:
            field = self._bulk()
            if field is None:
                return None
            self._fields.append(field)
        request, self._fields, self._expected = self._fields, [], 0
        return request

    def _begin(self) -> bool:
        while (line := self._line()) is not None:
            if not line.startswith(b"*"):
                # An inline command, as people type them into telnet.
                self._fields = line.split()
                self._expected = len(self._fields)
            else:
                self._expected = _size(line, ARRAY_LIMIT, "invalid multibulk length")
            if self._expected:
                return True
        return False

    def _bulk(self) -> bytes | None:
        start = self._at
        line = self._line()
        if line is None:
            return None
        if not line.startswith(b"$"):
            raise ProtocolError(f"expected '$', got '{line[:1].decode(errors='replace')}'")
        end = self._at + _size(line, BULK_LIMIT_BYTES, "invalid bulk length")
        if len(self._buffer) < end + 2:
            self._at = start
            return None
        field = bytes(self._buffer[self._at : end])
        self._at = end + 2
        return field

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._at)
        if end < 0:
            return None
        line = bytes(self._buffer[self._at : end])
        self._at = end + 1
        return line.removesuffix(b"\r")


def _size(line: bytes, limit: int, complaint: str) -> int:
    digits = line[1:]
    if not digits.isdigit() or int(digits) > limit:
        raise ProtocolError(complaint)
    return int(digits)


def encode(reply: object, version: int) -> bytes:
    """Write one reply of fakeredis as Redis would send it.

    Raises:
        TypeError: fakeredis answered with something that RESP cannot say.

    """
    return b"".join(_pieces(reply, version))


def encode_push(message: Sequence[object], version: int) -> bytes:
    """Write what the client did not ask for, such as a message of a channel."""
    encoded = encode(message, version)
    return b">" + encoded[1:] if version >= RESP3 else encoded


def _pieces(reply: object, version: int) -> Iterator[bytes]:
    match reply:
        case list() | tuple():
            yield b"*%d\r\n" % len(reply)
            for item in reply:
                yield from _pieces(item, version)
        case Mapping():
            yield b"%%%d\r\n" % len(reply) if version >= RESP3 else b"*%d\r\n" % (2 * len(reply))
            for pair in reply.items():
                for item in pair:
                    yield from _pieces(item, version)
        case None | bool() | float() if version >= RESP3:
            yield _scalar_of_3(reply)
        case _:
            yield _scalar(reply)


def _scalar_of_3(reply: bool | float | None) -> bytes:  # noqa: FBT001 - any reply there is
    match reply:
        case None:
            return b"_\r\n"
        case bool():
            return b"#t\r\n" if reply else b"#f\r\n"
    return b",%b\r\n" % Float.encode(reply, humanfriendly=False)


def _scalar(reply: object) -> bytes:
    match reply:
        case bytes() | str() | float():
            text = _text(reply)
            return b"$%d\r\n%b\r\n" % (len(text), text)
        case SimpleString():
            return b"+%b\r\n" % reply.value
        case None:
            return b"$-1\r\n"
        case int():
            return b":%d\r\n" % reply
        case SimpleError():
            return b"-%b\r\n" % " ".join(reply.value.splitlines()).encode()
        case _:
            raise TypeError(f"fakeredis answered {reply!r}, which RESP cannot say")


def _text(reply: bytes | str | float) -> bytes:
    match reply:
        case bytes():
            return reply
        case str():
            return reply.encode()
    text: bytes = Float.encode(reply, humanfriendly=False)
    return text
