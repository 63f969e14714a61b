"""What to say of a name that is not there: the names that are close to it."""

import difflib
from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str:
    """Give " (did you mean ...?)" for names that are close, and nothing when none is."""
    close = difflib.get_close_matches(name, list(names), n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(close)}?)" if close else ""
