"""What only this lab asks: how many requests its worst shop has failed."""

from collections import Counter
from collections.abc import Sequence

from harness.measures.windows import check_window
from harness.model.expect import Measure, Reads
from harness.recording import Recording


def worst(hosts: Sequence[str], start_s: float, end_s: float) -> Measure:
    """Count the requests due in a window that the host with the most of them has failed."""

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        failed = Counter(one.to for one in recording.due(start_s, end_s) if not one.good)
        return max(failed[host] for host in hosts)

    return Measure(
        name=f"failed by the worst shop, {start_s:g}-{end_s:g} s",
        compute=compute,
        reads=Reads(window=(start_s, end_s), hosts=tuple(hosts)),
    )
