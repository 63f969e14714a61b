"""Name cache: remembers where a name leads for as long as its answer may be remembered.

With `stale_s`, an answer that has expired is good for so much longer if the resolver cannot be
asked: without it, whoever depends on a name is down as soon as its resolver is. Sources:
Mockapetris, RFC 1035 (1987); Lawrence, Kumari, Sood, RFC 8767, "Serving Stale Data" (2020). In
production: systemd-resolved, unbound (`serve-expired`), NodeLocal DNSCache.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple


class Found(NamedTuple):
    """Where a name leads, and for how many seconds that may be remembered."""

    host: str
    ttl_s: float


class NameCache:
    """What is remembered of a resolver's answers; `ask` raises one of `errors` without one."""

    def __init__(
        self,
        ask: Callable[[str], Awaitable[Found]],
        now: Callable[[], float],
        *,
        errors: tuple[type[Exception], ...],
    ) -> None:
        self._ask = ask
        self._now = now
        self._errors = errors
        self._known: dict[str, tuple[str, float]] = {}

    async def find(self, name: str, *, stale_s: float = 0) -> str:
        """Give the host of a name.

        Raises:
            Exception: what `ask` raised, where nothing is remembered that may still be used.

        """
        host, until_s = self._known.get(name, ("", float("-inf")))
        if self._now() < until_s:
            return host
        try:
            found = await self._ask(name)
        except self._errors:
            if self._now() < until_s + stale_s:
                return host
            raise
        self._known[name] = (found.host, self._now() + found.ttl_s)
        return found.host
