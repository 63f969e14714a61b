"""What is sent: one kind of request of a load, and each request when it is due."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

METHODS = ("GET", "POST", "PUT", "DELETE")
MOST_BODY_BYTES = 1 << 20
PATIENCE_MS = 10_000
"""How long a client waits that a load says no more of."""

PLACE = re.compile(r"{(?!number}|key})[^}]*}?")
"""A place in a path that nothing fills."""


class Arrival(NamedTuple):
    """One request that is due: its number, its time in seconds, and what is asked of whom.

    `timeout_ms` is how long its client waits, `body_bytes` what it sends.
    """

    number: int
    at_s: float
    path: str
    method: str
    to: str
    timeout_ms: float = PATIENCE_MS
    body_bytes: int = 0


def body_of(arrival: Arrival) -> bytes | None:
    """Give the body that a request sends, if it has one."""
    return b"x" * arrival.body_bytes or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One kind of request in a mix.

    `{number}` in its path stands for the request's own number and `{key}` for one of the load's
    `keys`, from 0 on. `share` is its weight among the kinds; `to` the service that is asked where
    that is not the load's own. Its body is `body_bytes` long.
    """

    path: str = "/"
    method: str = "GET"
    share: float = 1
    to: str = ""
    body_bytes: int = 0

    def filled(self, number: int, key: int) -> str:
        """Give the path with its places filled."""
        return self.path.replace("{number}", str(number)).replace("{key}", str(key))

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not self.path.startswith("/"):
            yield "a path must begin with /"
        for place in PLACE.findall(self.path):
            yield f"nothing fills {place!r}; a path may hold {{number}} and {{key}}"
        if self.method not in METHODS:
            yield f"the method may be {', '.join(METHODS)}"
        if not 0 < self.share < math.inf:
            yield f"its share is {self.share:g}; it must be above 0"
        if not 0 <= self.body_bytes <= MOST_BODY_BYTES:
            yield f"body_bytes is {self.body_bytes}; it may be 0 to {MOST_BODY_BYTES}"
