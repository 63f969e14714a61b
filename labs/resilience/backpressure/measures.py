"""Measures of this lab's own: how old messages are when the last stage is done with them."""

from harness.measures import gauges
from harness.model.expect import Measure

AGE = "age_seconds"


def age_s(start_s: float, end_s: float) -> Measure:
    """Mean age of the messages that were done last before each second of a window."""
    level = gauges.level(AGE, start_s, end_s)
    return Measure(
        name=f"age of what is archived, {start_s:g}-{end_s:g} s",
        unit="s",
        compute=level.compute,
        over=age_s,
        reads=level.reads,
    )
