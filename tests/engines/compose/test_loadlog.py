"""The lines between the load generator and the harness."""

import math

from harness.engines.compose.loadlog import (
    LoadLog,
    end_line,
    ready_line,
    request_line,
    start_line,
)
from harness.recording import Request


def test_a_load_reads_back_as_it_was_written() -> None:
    """Ready, second 0, each request with NaN where a time never came, and the end."""
    requests = [
        Request(0, "/", 0.5, 0.501, 0.6, "200"),
        Request(1, "/", 0.7, 0.701, math.nan, "timeout"),
        Request(2, "/", 0.8, math.nan, math.nan, "unsent"),
    ]
    log = LoadLog()
    for line in (
        ready_line(),
        start_line(1e9 + 0.25),
        *map(request_line, requests),
        end_line(4, 3),
    ):
        log.take(line)
    assert log.ready
    assert log.t0_s == 1e9 + 0.25
    assert log.end_s == 4
    assert repr(list(log.requests.all())) == repr(requests)  # NaN equals nothing, not even itself


def test_good_answers_count_in_the_second_of_their_answer() -> None:
    """Due in one second and answered in the next counts in the next; errors never do."""
    log = LoadLog()
    log.take(request_line(Request(0, "/", 0.9, 0.9, 1.1, "200")))
    log.take(request_line(Request(1, "/", 0.9, 0.9, 1.2, "504")))
    assert log.good == {1: 1}


def test_what_is_not_the_loads_own_is_kept_for_the_error_message() -> None:
    """A traceback's last lines, and JSON that is no object, do no harm."""
    log = LoadLog()
    for line in ("Traceback:", "ValueError: no", "7", '{"event":"unknown"}'):
        log.take(line)
    assert log.other == ["Traceback:", "ValueError: no", "7", '{"event":"unknown"}']
