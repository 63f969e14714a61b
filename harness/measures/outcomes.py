"""How calls ended: by caller, callee, route and outcome.

A route is what callers say that they ask for (`ctx.call(..., route=)`); those who say nothing have
the route "". An outcome is a status, or the beginning of one: "2" is every good answer, "abandoned"
a call that its caller has given up.
"""

from collections.abc import Iterator

from harness.measures.requests import quantile_of
from harness.measures.waste import answered
from harness.measures.windows import check_called_by, check_window, is_host_of
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording
from services.tracing import Span


def calls(  # noqa: PLR0913 - one for each way to choose
    callee: str,
    start_s: float,
    end_s: float,
    *,
    caller: str = "",
    route: str = "",
    outcome: str = "",
) -> Measure:
    """Count the calls to a callee that began in a window, of those that fit what is given."""

    def compute(recording: Recording) -> float:
        chosen = _calls(recording, callee, (start_s, end_s), caller, route)
        return sum(span.status.startswith(outcome) for span in chosen)

    which = f" that end {outcome}" if outcome else ""
    return Measure(
        name=f"calls {_words(callee, caller, route)}{which}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: calls(
            callee, start_s, end_s, caller=caller, route=route, outcome=outcome
        ),
        reads=_reads(callee, caller, start_s, end_s),
    )


def outcome_ratio(  # noqa: PLR0913 - as above
    callee: str,
    outcome: str,
    start_s: float,
    end_s: float,
    *,
    caller: str = "",
    route: str = "",
) -> Measure:
    """Share of the calls to a callee, of those that began in a window, that ended in one way."""

    def compute(recording: Recording) -> float:
        chosen = list(_calls(recording, callee, (start_s, end_s), caller, route))
        if not chosen:
            words = _words(callee, caller, route)
            raise NoDataError(f"no call {words} began in {start_s:g}-{end_s:g} s")
        return sum(span.status.startswith(outcome) for span in chosen) / len(chosen)

    return Measure(
        name=f"calls {_words(callee, caller, route)} that end {outcome}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: outcome_ratio(
            callee, outcome, start_s, end_s, caller=caller, route=route
        ),
        reads=_reads(callee, caller, start_s, end_s),
        is_share=True,
    )


def call_latency_ms(  # noqa: PLR0913 - as above
    callee: str,
    quantile: float,
    start_s: float,
    end_s: float,
    *,
    caller: str = "",
    route: str = "",
) -> Measure:
    """Take a quantile of the time to an answer of the calls that began in a window."""

    def compute(recording: Recording) -> float:
        chosen = _calls(recording, callee, (start_s, end_s), caller, route)
        took_ms = [1000 * (span.end_s - span.start_s) for span in chosen if answered(span)]
        if not took_ms:
            words = _words(callee, caller, route)
            raise NoDataError(f"no call {words} that began in {start_s:g}-{end_s:g} s was answered")
        return quantile_of(took_ms, quantile)

    words = _words(callee, caller, route)
    return Measure(
        name=f"p{100 * quantile:g} of calls {words}, {start_s:g}-{end_s:g} s",
        unit="ms",
        compute=compute,
        over=lambda start_s, end_s: call_latency_ms(
            callee, quantile, start_s, end_s, caller=caller, route=route
        ),
        reads=_reads(callee, caller, start_s, end_s),
    )


def _calls(
    recording: Recording, callee: str, window: tuple[float, float], caller: str, route: str
) -> Iterator[Span]:
    start_s, end_s = window
    check_window(recording, start_s, end_s)
    if caller:
        check_called_by(recording, caller)
    fits = [span for span in recording.spans if _fits(span, callee, caller, route)]
    if not fits:
        raise NoDataError(f"no call {_words(callee, caller, route)} in the whole run")
    return (span for span in fits if start_s <= span.start_s < end_s)


def _fits(span: Span, callee: str, caller: str, route: str) -> bool:
    return (
        span.kind == "client"
        and span.callee == callee
        and (not caller or is_host_of(span.caller, caller))
        and span.route.startswith(route)
    )


def _words(callee: str, caller: str, route: str) -> str:
    return f"to {callee}{route and f' for {route}'}{caller and f' by {caller}'}"


def _reads(callee: str, caller: str, start_s: float, end_s: float) -> Reads:
    hosts = (caller,) if caller else ()
    return Reads(window=(start_s, end_s), callees=(callee,), hosts=hosts)
