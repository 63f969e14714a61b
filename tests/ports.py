"""A port for a server that is told its number, or for one that is not there."""

import random
import socket
from contextlib import suppress

NUMBERS = range(20_000, 30_000)
"""Below those that systems give to whoever asks for any, as each connection does: from 32,768 on by
Linux, from 49,152 on by others. Such a one may be taken again before the server is there."""


def free_port() -> int:
    """Give a port of this machine that nothing listens on, and that nobody is given by chance."""
    for number in random.SystemRandom().sample(NUMBERS, len(NUMBERS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", number))
            return number
    raise AssertionError(f"no port of {NUMBERS} is free")
