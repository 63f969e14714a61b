"""A calmer garbage collector for as long as a simulation runs."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (50_000, 10, 10)
"""Python's own 700 made a third of a run whose hosts hold thousands of requests."""


@contextmanager
def calm() -> Iterator[None]:
    """Look for cycles seldom, and never among what was there before.

    What the last run has left is collected first, or it would stay until this one is over.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
