"""What happens to a lab while it runs, as a name and a window: what labs and recordings share."""

from typing import NamedTuple


class Change(NamedTuple):
    """What a variant meets, in the words of a person, and its window in seconds."""

    name: str
    start_s: float
    end_s: float
