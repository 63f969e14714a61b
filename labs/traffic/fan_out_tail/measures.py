"""Measures of this lab's own: what pages ask for, and what they do without."""

from harness.measures.series import increase
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

ASKED, LACKING = "leaves_asked_total", "leaves_lacking_total"


def lacking_ratio(start_s: float, end_s: float) -> Measure:
    """Share of the answers asked for that the pages of a window of whole seconds did without."""
    lacking, asked = (increase(name, int(start_s), int(end_s)) for name in (LACKING, ASKED))

    def compute(recording: Recording) -> float:
        answers = asked.compute(recording)
        if not answers:
            raise NoDataError(f"no page was made in {start_s:g}-{end_s:g} s")
        return lacking.compute(recording) / answers

    return Measure(
        name=f"answers that pages lack, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lacking_ratio,
        reads=Reads(window=(start_s, end_s), metrics=(ASKED, LACKING)),
        is_share=True,
    )
