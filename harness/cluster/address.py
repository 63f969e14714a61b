"""The address of a scheduler, as Dask writes it."""

import re
from dataclasses import dataclass

from harness.errors import LabError

PORTS = range(1, 1 << 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a scheduler listens; `text` is the whole, and `is_tls` says whether it is encrypted."""

    text: str
    host: str
    port: int
    is_tls: bool


def parsed(text: str) -> Address:
    """Read `tcp://HOST:PORT` or `tls://HOST:PORT`; a host with an IPv6 address goes by its name.

    Raises:
        LabError: it is neither.

    """
    found = re.fullmatch(r"(tcp|tls)://([^\s/:\[\]]+):(\d{1,5})", text)
    if not found or int(found[3]) not in PORTS:
        raise LabError(f"{text} is no scheduler's address; write tcp://HOST:PORT, port 1 to 65535")
    return Address(text=text, host=found[2], port=int(found[3]), is_tls=found[1] == "tls")
