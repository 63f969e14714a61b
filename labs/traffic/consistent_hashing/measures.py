"""A measure of this lab's own: whose keys are asked for elsewhere from some moment on."""

from harness.measures.windows import check_called_by, check_window
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording, number_of


def moved_ratio(path: str, caller: str, at_s: float, start_s: float, end_s: float) -> Measure:
    """Share of the keys that a caller passes on to another callee from a moment on than before.

    Of the keys that were asked for both in [start, at) and in [at, end), whose path is `path`
    and the key: where they went last before, and first after.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        check_called_by(recording, caller)
        asked = {one.number: one for one in recording.due(start_s, end_s)}
        before: dict[str, str] = {}
        after: dict[str, str] = {}
        for span in recording.spans:
            one = asked.get(number_of(span.trace))
            if span.kind != "client" or span.caller != caller or not one:
                continue
            if not one.path.startswith(path):
                continue
            if one.intended_s < at_s:
                before[one.path] = span.callee
            else:
                after.setdefault(one.path, span.callee)
        both = before.keys() & after.keys()
        if not both:
            raise NoDataError(f"no key was asked for both before and after {at_s:g} s")
        return sum(before[key] != after[key] for key in both) / len(both)

    return Measure(
        name=f"keys that have moved at {at_s:g} s",
        compute=compute,
        reads=Reads(window=(start_s, end_s), hosts=(caller,), paths=(path,)),
        is_share=True,
    )
