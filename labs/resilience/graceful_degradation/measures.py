"""A measure of this lab's own: what pages lack."""

from harness.measures.series import increase
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

PARTS, OUTCOMES = "parts_total", ("good", "stale", "missing")


def lacking_ratio(start_s: float, end_s: float) -> Measure:
    """Share of all parts of the pages made between two whole seconds that stayed empty."""
    counts = [
        increase(PARTS, int(start_s), int(end_s), labels=f'"{outcome}"') for outcome in OUTCOMES
    ]

    def compute(recording: Recording) -> float:
        good, stale, missing = (one.compute(recording) for one in counts)
        if not (parts := good + stale + missing):
            raise NoDataError(f"no part was asked for in {start_s:g}-{end_s:g} s")
        return missing / parts

    return Measure(
        name=f"parts that pages lack, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lacking_ratio,
        reads=Reads(window=(start_s, end_s), metrics=(PARTS,)),
        is_share=True,
    )
