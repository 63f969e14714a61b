"""Timeout: stop waiting, and say so.

A time limit frees the caller; it does not stop the callee, which goes on with work that nobody
waits for. In production: `asyncio.timeout` as here, or the deadline of gRPC, which travels with
the request so that the callee can stop too.
"""

import asyncio


def time_limit(limit_ms: float) -> asyncio.Timeout:
    """Bound what is awaited inside; 0 or less means no limit.

    Raises:
        TimeoutError: on leaving, when the limit was reached.

    """
    return asyncio.timeout(limit_ms / 1000 if limit_ms > 0 else None)
