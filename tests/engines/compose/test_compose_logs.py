"""Container logs as a source of spans and of error messages."""

import errno
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from harness.engines.compose.logs import Follower, shifted, span_of, spans, tail
from harness.model.steered_load import EXTRA
from harness.recording import number_of, root_context
from services.tracing import Span, background

if TYPE_CHECKING:
    from docker.models.containers import Container

T0_S = 1_000_000.0


def span_line(number: int, start_s: float, end_s: float, *, seed: int = 5) -> str:
    trace, parent = root_context(seed, number)
    row = Span(trace, "a", parent, "server", "", "checkout", 0, T0_S + start_s, T0_S + end_s, "200")
    return json.dumps({"event": "span", **row._asdict()}, separators=(",", ":"))


def read(folder: Path, end_s: float = 10) -> list[tuple[str, float, float]]:
    found = spans(folder, seed=5, drawn=3, t0_s=T0_S, end_s=end_s)
    return [(span.trace, span.start_s, span.end_s) for span in found]


def test_spans_of_all_services_come_in_seconds_of_the_run_by_their_ends(tmp_path: Path) -> None:
    """As the simulation records them."""
    (tmp_path / "checkout.log").write_text(span_line(1, 2, 3) + "\n" + span_line(0, 1, 4) + "\n")
    (tmp_path / "payments.log").write_text('{"event":"serving"}\n' + span_line(2, 1, 2) + "\n")
    ends = [(span[1], span[2]) for span in read(tmp_path)]
    assert ends == [(1, 2), (2, 3), (1, 4)]


def test_only_the_loads_own_spans_up_to_its_end_count(tmp_path: Path) -> None:
    """Not those of another seed or of a request never sent, nor what ended after the run."""
    lines = [
        span_line(0, 1, 2),
        span_line(1, 1, 2, seed=6),
        span_line(3, 1, 2),
        span_line(2, 1, 11),
    ]
    (tmp_path / "checkout.log").write_text("\n".join(lines))
    assert [trace for trace, _, _ in read(tmp_path)] == [root_context(5, 0).trace]


def test_spans_of_requests_by_hand_are_known_by_their_numbers(tmp_path: Path) -> None:
    """Of as many as were sent; what was not drawn is not known, however large its number."""
    numbers = (0, 3, EXTRA, EXTRA + 1, EXTRA + 2, EXTRA - 1)
    (tmp_path / "a.log").write_text("\n".join(span_line(number, 1, 2) for number in numbers))
    found = spans(tmp_path, seed=5, drawn=3, by_hand=2, t0_s=T0_S, end_s=10)
    assert [number_of(span.trace) for span in found] == [0, EXTRA, EXTRA + 1]


def test_what_services_call_by_themselves_counts_from_the_start_of_the_run(
    tmp_path: Path,
) -> None:
    """As it does in the simulation, which begins with the run; until there they only got ready."""

    def own_call(number: int, start_s: float) -> str:
        span = f"{number:016x}"
        times = (T0_S + start_s, T0_S + start_s + 0.1)
        row = Span(background(span).trace, span, "", "client", "shop", "config", 1, *times, "200")
        return json.dumps({"event": "span", **row._asdict()}, separators=(",", ":"))

    (tmp_path / "shop.log").write_text("\n".join([own_call(7, -1), own_call(8, 0), own_call(9, 3)]))
    assert [start_s for _, start_s, _ in read(tmp_path)] == [0, 3]


def test_the_half_line_of_a_killed_process_does_no_harm(tmp_path: Path) -> None:
    """It is left out, and the lines after it count."""
    (tmp_path / "checkout.log").write_text(span_line(0, 1, 2)[:40] + "\n" + span_line(1, 1, 2))
    assert len(read(tmp_path)) == 1


def test_the_tail_of_a_log_is_what_a_person_should_read(tmp_path: Path) -> None:
    """The last three lines that are no JSON, in one line."""
    log = tmp_path / "checkout.log"
    log.write_text('one\ntwo\n{"event":"span"}\nTraceback:\n\n  ImportError: no module\n')
    assert tail(log) == "two | Traceback: | ImportError: no module"
    assert tail(tmp_path / "none.log") == "no log"


class Endless:
    """A container that logs until nobody reads it."""

    name = "checkout"

    def logs(self, **_: object) -> Iterator[bytes]:
        while True:
            yield b"a line\n"


@pytest.mark.parametrize("opens", [True, False])
def test_a_disk_that_is_full_ends_the_log_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, opens: bool
) -> None:
    """Whoever listens hears of the end, and can ask why; the thread prints no traceback."""
    full = OSError(errno.ENOSPC, "No space left on device", "checkout.log")

    class Full(BytesIO):
        def write(self, data: object) -> int:
            del data
            raise full

    def opened(path: Path, mode: str) -> BytesIO:
        del path, mode
        if not opens:
            raise full
        return Full()

    monkeypatch.setattr(Path, "open", opened)
    heard: list[str | None] = []
    follower = Follower(cast("Container", Endless()), tmp_path / "checkout.log", heard.append)
    follower.start()
    follower.join(30)
    assert heard == [None]
    assert follower.refused is full


def test_an_engine_that_goes_is_no_fault_of_the_disk(tmp_path: Path) -> None:
    """Its connection may break in several ways."""

    class Gone:
        name = "checkout"

        def logs(self, **_: object) -> Iterator[bytes]:
            yield b"a line\n"
            raise ConnectionResetError(errno.ECONNRESET, "reset")

    heard: list[str | None] = []
    follower = Follower(cast("Container", Gone()), tmp_path / "checkout.log", heard.append)
    follower.start()
    follower.join(30)
    assert (heard, follower.refused) == (["a line", None], None)


@pytest.mark.parametrize("wanted", [True, False])
def test_spans_are_heard_by_whoever_wants_them(tmp_path: Path, *, wanted: bool) -> None:
    """They are kept in any case; half a line of a process that was killed is no span."""
    span = Span("t", "s", "p", "client", "front", "back", 1, 5.25, 5.5, "200")
    line = json.dumps({"event": "span", **span._asdict()}, separators=(",", ":"))

    class Short:
        name = "front"

        def logs(self, **_: object) -> Iterator[bytes]:
            yield f"{line}\nother\n".encode()

    heard: list[str | None] = []
    path = tmp_path / "front.log"
    follower = Follower(cast("Container", Short()), path, heard.append, spans=wanted)
    follower.start()
    follower.join(30)
    assert heard == ([line] if wanted else []) + ["other", None]
    assert path.read_text() == f"{line}\nother\n"
    assert span_of(line) == span
    assert span_of(line[:30]) is None
    assert shifted(span, 5) == span._replace(start_s=0.25, end_s=0.5)
