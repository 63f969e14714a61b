"""What to say of a name that is not there: the names that are close to it."""

import difflib
from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str:
    """Give " (did you mean ...?)" for names that are close, and nothing when none is.

    One that differs in dashes and capitals alone is what was meant.
    """
    names = list(names)
    same = [one for one in names if _plain(one) == _plain(name)]
    close = same or difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def _plain(name: str) -> str:
    return name.replace("_", "-").lower()
