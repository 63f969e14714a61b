"""What measures share: the requests and calls of a window, and what to say where there are none."""

import math
from collections.abc import Collection, Iterable

from harness.model.expect import NoDataError
from harness.model.names import nearest
from harness.recording import Recording, Request


def requests_due(
    recording: Recording, start_s: float, end_s: float, path: str = ""
) -> list[Request]:
    """Give the requests due in [start, end), of those whose path begins with `path`.

    Raises:
        NoDataError: there is none, or the window reaches beyond the run.

    """
    check_window(recording, start_s, end_s)
    found = [one for one in recording.due(start_s, end_s) if one.path.startswith(path)]
    if not found:
        whose = f" for {path}" if path else ""
        raise NoDataError(f"no request{whose} was due in {start_s:g}-{end_s:g} s")
    return found


def check_window(recording: Recording, start_s: float, end_s: float) -> None:
    """Refuse a window that is empty or that the run does not hold.

    Raises:
        NoDataError: the window is empty, or reaches beyond the run.

    """
    if not 0 <= start_s < end_s:
        raise NoDataError(f"{start_s:g}-{end_s:g} s is an empty window")
    if end_s > recording.duration_s and not math.isinf(end_s):
        raise NoDataError(
            f"{start_s:g}-{end_s:g} s reaches beyond the run, which ends at "
            f"{recording.duration_s:g} s"
        )


def check_called(recording: Recording, callees: Collection[str]) -> None:
    """Refuse to count calls where the whole run has none to any of the callees.

    Raises:
        NoDataError: nobody called any of them, which is what a misspelt name looks like.

    """
    if not any(span.kind == "client" and span.callee in callees for span in recording.spans):
        raise NoDataError(f"no call to {', '.join(callees)} in the whole run")


def is_host_of(host: str, name: str) -> bool:
    """Say whether a host is the one of that name, or a replica of the service of that name."""
    service, _, number = host.rpartition("-")
    return host == name or (service == name and number.isdigit())


def check_called_by(recording: Recording, caller: str) -> None:
    """Refuse to count the calls of a service that has made none in the whole run.

    Raises:
        NoDataError: there is none.

    """
    if not any(
        span.kind == "client" and is_host_of(span.caller, caller) for span in recording.spans
    ):
        callers = {span.caller for span in recording.spans if span.kind == "client"}
        close = nearest(caller, callers)
        raise NoDataError(f"no call of {caller} in the whole run{close}")


def call_starts(recording: Recording, callee: str, start_s: float, end_s: float) -> list[float]:
    """Give when the calls to a callee began that did so in a window, ascending.

    Raises:
        NoDataError: nobody called it in the whole run, or the window reaches beyond the run.

    """
    check_window(recording, start_s, end_s)
    check_called(recording, (callee,))
    return sorted(
        span.start_s
        for span in recording.spans
        if span.kind == "client" and span.callee == callee and start_s <= span.start_s < end_s
    )


def traces(requests: Iterable[Request]) -> set[str]:
    """Give what the traces of requests end in."""
    return {f"{request.number:016x}" for request in requests}
