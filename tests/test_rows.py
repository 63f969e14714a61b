"""Rows: a sequence that goes to a file when it grows, and is the same to whoever reads it."""

import gc
import math
import multiprocessing
import pickle
import tempfile
import tracemalloc
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import rows
from harness.model import Poisson, Service
from harness.recording import Recording, Request, RequestLog
from harness.rows import Rows
from tests.support import lab, run


class Row(NamedTuple):
    """A row for tests."""

    number: int
    at_s: float
    word: str


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    """Go to the file early."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "HELD", 7)
        patch.setattr(rows, "BLOCK", 3)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


NUMBERS = st.sampled_from([0.0, 0.1, 1e300, math.inf, -math.inf, 3])
WORDS = st.text(max_size=4) | st.sampled_from(["inf", "null", "a\nb", "\u2028", "ä"])
MANY = st.lists(st.builds(Row, st.integers(), NUMBERS, WORDS), max_size=20)


@given(made=MANY)
def test_rows_are_the_same_in_memory_and_in_a_file(made: list[Row]) -> None:
    """In length, order, places from either end, slices, and to the last digit."""
    kept = Rows(Row, made)
    assert len(kept) == len(made)
    assert kept == made
    assert repr(list(kept)) == repr(made)
    for place in range(-len(made), len(made)):
        assert kept[place] == made[place]
    assert kept[2:9] == made[2:9]
    assert kept[::-3] == made[::-3]
    for beyond in (len(made), -len(made) - 1):
        with pytest.raises(IndexError):
            kept[beyond]


@given(made=MANY)
def test_rows_that_were_saved_are_read_again(made: list[Row], folder: Path) -> None:
    """Whether they were in a file before or not, and as often as they are saved."""
    kept = Rows(Row, made)
    for name in ("once", "twice"):
        rows.write(folder / name, Row, kept)
    rows.write(folder / "plain", Row, made)
    assert rows.read(folder / "twice", Row) == made
    assert len({(folder / name).read_bytes() for name in ("once", "twice", "plain")}) == 1


def test_rows_can_be_added_while_others_are_read() -> None:
    """A reader sees what was there, and whoever comes later sees all."""
    kept = Rows(Row, [Row(number, 0.5, "") for number in range(20)])
    seen = []
    for row in kept:
        seen.append(row.number)
        if row.number < 10:
            kept.append(Row(20 + row.number, 0.5, ""))
    assert seen[:20] == list(range(20))
    assert [row.number for row in kept] == list(range(30))


def test_nan_comes_back_as_nan() -> None:
    """It equals nothing, so that only its words can be compared."""
    kept = Rows(Row, [Row(number, math.nan, "") for number in range(20)])
    assert {repr(row.at_s) for row in kept} == {"nan"}


def test_nothing_is_left_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no name while it is there, so that not even a crash leaves one."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = Rows(Row, [Row(number, 0.5, "") for number in range(20)])
    assert list(tmp_path.iterdir()) == []
    assert kept[0] == Row(0, 0.5, "")


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_requests_are_put_in_the_order_of_their_numbers(order: tuple[int, ...]) -> None:
    """In whatever order they end."""
    log = RequestLog()
    for number in order:
        log.add(Request(number, "/", 0, 0, 0, "200"))
    assert [one.number for one in log.all()] == [0, 1, 2, 3]


def test_a_process_that_was_forked_reads_beside_this_one() -> None:
    """As one that draws a report: neither moves the place at which the other one reads."""
    many = [Row(number, 0.5, number % 7 * "x") for number in range(2000)]
    made = Rows(Row, many)

    def read_often() -> None:
        assert all(list(made) == many for _ in range(5))

    beside = multiprocessing.get_context("fork").Process(target=read_often)
    beside.start()
    read_often()
    beside.join()
    assert beside.exitcode == 0


def test_a_request_that_never_ends_hides_no_others() -> None:
    """A generator that dies has not told of all; what it has told of is kept."""
    log = RequestLog()
    for number in (4, 0, 2):
        log.add(Request(number, "/", 0, 0, 0, "200"))
    assert [one.number for one in log.all()] == [0, 2, 4]


def simulated(requests: int) -> Recording:
    """Send some 400 requests a second through one worker."""
    worker = Service("app", app="services.worker", settings={"workers": 40})
    return run(lab(worker, load=Poisson(rate_rps=400, to="app"), duration_s=requests / 400))


def peak_bytes(requests: int) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        simulated(requests)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 400 to 1,600 requests it grows by a small share of what rows in memory grow by."""
    monkeypatch.setattr(rows, "BLOCK", 100)
    monkeypatch.setattr(rows, "HELD", 200)
    simulated(400)
    in_file = peak_bytes(1600) - peak_bytes(400)
    monkeypatch.setattr(rows, "HELD", 1_000_000)
    in_memory = peak_bytes(1600) - peak_bytes(400)
    assert in_file < 0.2 * in_memory


def test_a_digest_does_not_depend_on_where_rows_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long run and a short one go by the same words."""
    in_file = simulated(400).digest()
    monkeypatch.setattr(rows, "HELD", 1_000_000)
    assert simulated(400).digest() == in_file


def test_rows_travel_to_another_process_with_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes them over removes the file's name; those that were sent stay as they were."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = Rows(Row, (Row(number, 0.5, "a") for number in range(20)))
    wire = pickle.dumps(made)
    assert len(list(tmp_path.iterdir())) == 1
    arrived = pickle.loads(wire)  # noqa: S301 - our own bytes
    assert list(tmp_path.iterdir()) == []
    arrived.append(Row(20, 1.5, "b"))
    assert list(arrived) == [*made, Row(20, 1.5, "b")]
    assert len(made) == 20
