"""Stream: order by key, members that share partitions, lag, and each way to acknowledge."""

from collections import defaultdict

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from harness.conductor import conductor
from harness.measures.gauges import peak
from harness.measures.series import increase
from harness.model import Configure, Kill, Paced, Pause, Send, Service, Together, during
from harness.model.fault import Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

READERS = ("reader-1", "reader-2")
SABOTAGE = {
    "any partition will do": (
        "zlib.crc32(message.key.encode()) % self._count",
        "len(str(self.partitions)) % self._count",
        "test_messages_of_a_key_are_done_in_their_order",
    ),
    "gives everything to everybody": (
        "return range(members.index(member), len(self.acknowledged), len(members))",
        "return range(len(self.acknowledged))",
        "test_without_faults_each_message_is_done_once",
    ),
    "nobody is ever dropped": (
        "if at_s >= before_s}",
        "}",
        "test_the_partitions_of_a_dead_member_go_to_the_others",
    ),
    "forgets how far it was": (
        '"groups", json',
        '"nothing", json',
        "test_the_log_and_its_positions_outlive_the_stream",
    ),
    "forgets its messages": (
        "self._ctx.volume.write(name, json",
        "self._ctx.volume.write('other', json",
        "test_the_log_and_its_positions_outlive_the_stream",
    ),
    "takes what is too much": (
        "if most and self.lag(partition) >= most:",
        "if False:",
        "test_a_stream_that_may_not_fall_behind_refuses",
    ),
    "takes what somebody says who has lost the partition": (
        "if partition not in group.own(member):",
        "if False:",
        "test_a_frozen_member_is_refused_when_it_comes_back",
    ),
}  # fmt: skip


def streamed(
    *faults: Timed,
    keys: int = 20,
    readers: int = 2,
    most_lag: int = 0,
    service_ms: float = 5,
    rate_rps: float = 30,
    **values: str | float | bool,
) -> Recording:
    """Write messages for eight seconds of twelve; readers do each of them as an effect."""
    reader = {"stream": "stream", "poll_ms": 50, "pause_ms": 100, **values}
    writing = Paced(to="stream", rate_rps=rate_rps, end_s=8, timeout_ms=1000, keys=keys,
                    mix=(Send(method="POST", path="/messages/{key}/{number}"),))  # fmt: skip
    looking = Paced(to="effects", rate_rps=2, path="/effects", keep_answers=True)
    value = lab(
        Service("stream", app="services.stream",
                settings={"session_ms": 500, "most_lag": most_lag}),
        Service("effects", app="services.effects", settings={"service_ms": service_ms}),
        Service("reader", app="services.reader", replicas=readers, calls=("stream", "effects"),
                settings=reader),
        load=Together(of=(writing, looking)),
        faults=faults,
        duration_s=12,
    )  # fmt: skip
    return run(value, conductor(faults, value.duration_s))


def told(recording: Recording) -> list[tuple[str, str]]:
    """Give the key and number of each message that was taken, in their order."""
    return [
        (one.path.split("/")[2], one.path.split("/")[3])
        for one in recording.requests
        if one.path.startswith("/messages/") and one.good
    ]


def done(recording: Recording) -> list[str]:
    """Give the last list of effects."""
    lists = [one.answer for one in recording.requests if one.path == "/effects" and one.good]
    return lists[-1].split()


def missing(recording: Recording) -> set[str]:
    return {number for _, number in told(recording)} - set(done(recording))


def repeated(recording: Recording) -> int:
    return len(done(recording)) - len(set(done(recording)))


def test_without_faults_each_message_is_done_once() -> None:
    """Whichever way they acknowledge: all, and none twice; both members do a share."""
    for acknowledge in ("before", "after"):
        recording = streamed(acknowledge=acknowledge)
        assert len(told(recording)) > 230
        assert missing(recording) == set()
        assert repeated(recording) == 0
        callers = {span.caller for span in recording.spans if span.callee == "effects"}
        assert callers >= set(READERS)


@given(keys=st.integers(1, 40), crash_s=st.floats(1, 5))
@settings(max_examples=3, deadline=None, phases=(Phase.generate,))
def check_order(keys: int, crash_s: float) -> None:
    recording = streamed(during(crash_s, crash_s + 1, Kill("reader-1")), keys=keys)
    of_key: dict[str, list[int]] = defaultdict(list)
    keys_of = {number: key for key, number in told(recording)}
    for number in dict.fromkeys(done(recording)):
        of_key[keys_of[number]].append(int(number))
    assert all(numbers == sorted(numbers) for numbers in of_key.values())


def test_messages_of_a_key_are_done_in_their_order() -> None:
    """Where they are done for the first time, also when a member dies on the way."""
    check_order()


def test_acknowledged_before_the_work_a_crash_loses_messages() -> None:
    """At most once: what could not be done yet is lost with the process; nothing is repeated."""
    away = during(2, 3, Kill("effects"))
    crash = during(2.4, 2.8, Kill("reader-1"))
    lossy, safe = (
        streamed(away, crash, acknowledge=acknowledge, service_ms=0)
        for acknowledge in ("before", "after")
    )
    assert missing(lossy)
    assert missing(safe) == set()
    assert repeated(lossy) == 0


def test_acknowledged_after_it_a_crash_repeats_them() -> None:
    """At least once: nothing is lost, and what was under way is done again."""
    crashes = (during(at_s, at_s + 0.3, Kill("reader-1")) for at_s in (2, 3.1, 4.2, 5.3, 6.4))
    recording = streamed(*crashes, acknowledge="after", service_ms=60)
    assert missing(recording) == set()
    assert repeated(recording) > 0


def test_the_partitions_of_a_dead_member_go_to_the_others() -> None:
    """After the session's end; in the end, nothing waits."""
    recording = streamed(during(3, 11, Kill("reader-1")))
    assert missing(recording) == set()


def test_lag_is_what_was_taken_and_is_not_done() -> None:
    """It grows with the rate while nobody reads, and is worked off."""
    stopped = (during(3, 6, Pause(reader)) for reader in READERS)
    recording = streamed(*stopped)
    assert peak("lag", 1, 3).of(recording) <= 5
    assert peak("lag", 5, 6).of(recording) == pytest.approx(30 * 3, rel=0.1)
    assert peak("lag_seconds", 5, 6).of(recording) == pytest.approx(3, abs=0.3)
    assert peak("lag", 11, 12).of(recording) == 0


def test_the_log_and_its_positions_outlive_the_stream() -> None:
    """It crashes and goes on where it was: nothing that it took is lost, hardly any is redone."""
    recording = streamed(during(3, 4, Kill("stream")))
    assert missing(recording) == set()
    assert repeated(recording) <= 2


def test_a_frozen_member_is_refused_when_it_comes_back() -> None:
    """What it was at has been done by another; its acknowledgement counts no more, and is a 409."""
    # It is nearly always at work, and so at one of these times at the latest.
    freezes = [during(at_s, at_s + 0.95, Pause("reader-1")) for at_s in (2, 3.65, 5.25, 6.9)]
    recording = streamed(*freezes, service_ms=60)
    late = [
        span
        for span in recording.spans
        if span.caller == "reader-1" and span.callee == "stream" and span.status == "409"
    ]
    assert late
    assert missing(recording) == set()


def test_a_stream_that_may_not_fall_behind_refuses() -> None:
    """Backpressure: writers hear it while the readers stand still."""
    stopped = tuple(during(2, 7, Pause(reader)) for reader in READERS)
    recording = streamed(*stopped, most_lag=5)
    refused = [one for one in recording.requests if one.status == "429"]
    assert refused
    assert all(2 <= one.intended_s < 8 for one in refused)
    assert peak("lag", 2, 8).of(recording) <= 5 * 4
    assert missing(recording) == set()


def test_a_message_that_fails_holds_up_its_partition_until_it_is_given_up() -> None:
    """Tried for ever, all behind it wait; with one try they go on."""
    failing = during(2, 6, Configure("effects", error_ratio=1.0))
    given_up, stuck = (streamed(failing, tries=tries) for tries in (1, 0))
    assert increase("messages_read_total", 1, 7, labels='"given up"').of(given_up) > 10
    assert peak("lag", 5, 6).of(stuck) > 2 * peak("lag", 5, 6).of(given_up)
    assert missing(stuck) == missing(given_up) == set()


def test_dedupe_does_not_do_again_what_this_process_has_done() -> None:
    """A stream that crashes between the work and the word of it hands the message out again."""
    crashes = [during(at_s, at_s + 0.3, Kill("stream")) for at_s in (2, 3, 4, 5, 6)]
    plain, known = (
        streamed(*crashes, readers=1, rate_rps=12, service_ms=60, dedupe=dedupe)
        for dedupe in (False, True)
    )
    assert repeated(plain) > 0
    assert repeated(known) == 0
    assert missing(known) == missing(plain) == set()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"partitions": 0}, "partitions is 0; it must be at least 1"),
        ({"most_lag": -1}, "most_lag is -1; it must be at least 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], said: str) -> None:
    """In one line."""
    with pytest.raises(SettingError, match=said):
        settings_of(load("services.stream"), given)
