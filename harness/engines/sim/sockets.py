"""Sockets as a transport and a server show them: addresses, and options without effect."""

from typing import Any

from harness.errors import LabError

Address = tuple[str, int]

REFUSED = frozenset(
    {
        "accept", "bind", "close", "connect", "connect_ex", "detach", "dup", "get_inheritable",
        "getblocking", "gettimeout", "ioctl", "listen", "makefile", "recv", "recv_into", "recvfrom",
        "recvfrom_into", "recvmsg", "recvmsg_into", "send", "sendall", "sendfile", "sendmsg",
        "sendto", "set_inheritable", "setblocking", "settimeout", "share", "shutdown", "timeout",
    }
)  # fmt: skip
"""What a socket of the machine can do and a simulated one cannot."""


class Socket:
    """A simulated socket: it knows its addresses, and takes options that change no byte."""

    # AF_INET, SOCK_STREAM and IPPROTO_TCP: a browser's Python need not have the module.
    family = 2
    type = 1
    proto = 6

    def __init__(self, name: Address, peer: Address | None = None) -> None:
        self._name = name
        self._peer = peer

    def getsockname(self) -> Address:
        """Give the own host and port."""
        return self._name

    def getpeername(self) -> Address:
        """Give the other end's host and port.

        Raises:
            OSError: it listens.

        """
        if self._peer is None:
            raise OSError(107, "Transport endpoint is not connected")
        return self._peer

    def setsockopt(self, *options: object) -> None:
        """Accept and ignore, as nothing that is simulated depends on an option."""

    def getsockopt(self, *options: object) -> int:
        """Give 0: no option is set."""
        del options
        return 0

    def fileno(self) -> int:
        """Give -1: there is no file descriptor."""
        return -1

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - nothing is given
        if name not in REFUSED:
            raise AttributeError(name)
        raise LabError(
            f"socket.{name} is not simulated: read and write through the transport or its streams"
        )

    def __repr__(self) -> str:
        return f"<simulated socket {self._name}, peer {self._peer}>"
