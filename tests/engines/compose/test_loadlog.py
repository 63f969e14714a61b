"""The lines between the load generator and the harness."""

import math

import pytest

from harness.engines.compose.loadlog import (
    LoadLog,
    clock_line,
    cut_line,
    end_line,
    ready_line,
    refused_line,
    request_line,
    second_line,
    start_line,
    steered_line,
)
from harness.errors import EnvironmentNotReadyError
from harness.model.operations import Operation, Pace, SendNow
from harness.model.steered_load import EXTRA
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
    log.check()
    assert log.ready
    assert log.t0_s == 1e9 + 0.25
    assert log.end_s == 4
    assert repr(list(log.requests.all())) == repr(requests)  # NaN equals nothing, not even itself


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_load_of_which_lines_are_lost_is_refused(lost: int) -> None:
    """Whichever they are; ratios of what is left would look better than they were."""
    log = LoadLog()
    told = [Request(number, "/", number, number, number, "200") for number in range(3)]
    for request in told[:lost] + told[lost + 1 :]:
        log.take(request_line(request))
    log.take(end_line(4, 3))
    with pytest.raises(EnvironmentNotReadyError, match="sent 3 requests and its log tells of 2"):
        log.check()


def test_a_second_is_over_when_the_load_says_so_or_has_ended() -> None:
    """Not before: an answer of it may still be on its way."""
    log = LoadLog()
    assert not log.over(0)
    log.take(second_line(0))
    assert (log.over(0), log.over(1)) == (True, False)
    log.take(end_line(1.5, 0))
    assert log.over(1)


def test_the_loads_clock_is_read_as_it_was_told() -> None:
    """With the boot of its machine."""
    log = LoadLog()
    log.take(clock_line(1e9 + 0.5, "a-boot"))
    assert log.clock == (1e9 + 0.5, "a-boot")


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


def test_a_load_that_is_listened_to_tells_of_each_request_and_of_its_cut() -> None:
    """As they end; a load that nobody cuts lasts for ever until its end is told."""
    heard: list[int] = []
    log = LoadLog(hear=lambda request: heard.append(request.number))
    assert log.cut_s == math.inf
    for number in (1, 0):
        log.take(request_line(Request(number, "/", 0, 0, 1, "200")))
    log.take(cut_line(7))
    assert (heard, log.cut_s) == ([1, 0], 7)


def test_what_a_load_was_asked_for_is_heard_and_answered() -> None:
    """By its number, from when on it counts; what is refused is heard of by nobody."""
    heard: list[tuple[float, Operation]] = []
    log = LoadLog(hear_steered=lambda at_s, operation: heard.append((at_s, operation)))
    asked: list[Operation] = [Pace(0.5), SendNow(count=3, path="/x")]
    for number, operation in enumerate(asked):
        log.take(steered_line(number, number + 0.25, operation))
    log.take(refused_line(2, "it cannot fly"))
    log.take(refused_line(None, "no command"))
    assert heard == [(0.25, asked[0]), (1.25, asked[1])]
    assert log.answers == {0: 0.25, 1: 1.25, 2: "it cannot fly", None: "no command"}


def test_requests_by_hand_count_apart_and_as_lines() -> None:
    """They come last, whenever they have ended; one that is lost is missed."""
    log = LoadLog()
    for number in (EXTRA + 1, 2, 0, EXTRA, 1):
        log.take(request_line(Request(number, "/", 1, 1, 2, "200")))
    log.take(end_line(4, 5))
    log.check()
    assert [one.number for one in log.requests.all()] == [0, 1, 2, EXTRA, EXTRA + 1]
    assert (log.drawn, log.by_hand) == (3, 2)
    log.take(end_line(4, 6))
    with pytest.raises(EnvironmentNotReadyError, match="sent 6 requests and its log tells of 5"):
        log.check()
