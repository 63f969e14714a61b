"""Where runs are kept: complete or not there at all."""

import json
import math
import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import catalogue, store
from harness.checks.verdict import Control, Kind
from harness.errors import EnvironmentNotReadyError
from harness.model import Paced, Service
from harness.model.expect import Bound
from harness.recording import Recording, SeriesKey
from harness.result import Result
from tests.support import fault, lab, recording, request

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue
    from multiprocessing.synchronize import Barrier

ROUNDS = 40
LIMIT_S = 60
WHEN = datetime(2026, 3, 29, 1, 59, 30, tzinfo=UTC)
NAME = "2026-03-29T01-59-30"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a lab's runs, which is not there yet."""
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)
    monkeypatch.setattr(store, "RUNS", tmp_path / "runs")
    return tmp_path / "runs" / "storm"


def names(runs: Path) -> list[str]:
    return sorted(path.name for path in runs.iterdir()) if runs.exists() else []


def complete(when: datetime = WHEN, text: str = "{}") -> Path:
    """Keep a run that holds only its `run.json`."""
    with store.folder("storm", when) as part:
        (part / "run.json").write_text(text)
    return store.final_path(part)


def result(*recordings: Recording, value: float = 1.0) -> Result:
    """Make a result with one control of a value."""
    control = Control(
        kind=Kind.HOLDS,
        claim="recovers",
        variant="only",
        engine="sim",
        measure="time to recover",
        unit="s",
        value=value,
        bound=Bound(at_most=2),
    )
    made = lab(Service("a", app="services.worker"), load=Paced(rate_rps=1, to="a"))
    return Result(slug="storm", lab=made, seed=3, recordings=list(recordings), controls=[control])


def test_a_run_has_its_name_only_when_it_is_complete(runs: Path) -> None:
    """While it is written, the folder is hidden and is not taken for a run."""
    with store.folder("storm", WHEN) as part:
        assert part == runs / f".{NAME}"
        (part / "run.json").write_text("{}")
        assert store.final_path(part) == runs / NAME
        with pytest.raises(EnvironmentNotReadyError, match="no run of storm yet"):
            store.latest("storm")
    assert names(runs) == [NAME]
    assert (runs / NAME / "run.json").exists()


@pytest.mark.parametrize("error", [ValueError("bug"), KeyboardInterrupt(), SystemExit(1)], ids=repr)
def test_nothing_is_left_of_a_run_that_ends_early(runs: Path, error: BaseException) -> None:
    """Whatever ends a run passes on as it is, and its folder goes."""
    with pytest.raises(type(error)):
        _half(error)
    assert names(runs) == []


def _half(error: BaseException) -> None:
    with store.folder("storm", WHEN) as part:
        (part / "sub").mkdir()
        (part / "sub" / "file").write_text("half")
        raise error


def test_runs_of_one_second_have_names_of_their_own(runs: Path) -> None:
    """Two at a time, and one after the other, neither wait nor overwrite."""
    with store.folder("storm", WHEN) as first, store.folder("storm", WHEN) as second:
        (first / "run.json").write_text("first")
        (second / "run.json").write_text("second")
    complete(text="third")
    assert names(runs) == [NAME, f"{NAME}-2", f"{NAME}-3"]
    texts = [(runs / name / "run.json").read_text() for name in names(runs)]
    assert texts == ["first", "second", "third"]


def opened(number: int, barrier: "Barrier", told: "SimpleQueue[str]") -> None:
    for _ in range(ROUNDS):
        barrier.wait(LIMIT_S)
        try:
            with store.folder(f"lab-{number % 2}", WHEN) as part:
                (part / "run.json").write_text("{}")
            told.put("")
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test tells it
            told.put(repr(error))


@pytest.mark.usefixtures("runs")
def test_runs_that_start_at_one_moment_leave_each_other_alone() -> None:
    """Whichever sweeps while another makes its folder, claims it, or gives it its name."""
    context = multiprocessing.get_context("fork")
    barrier, told = context.Barrier(4), context.SimpleQueue()
    others = [context.Process(target=opened, args=(n, barrier, told)) for n in range(4)]
    for one in others:
        one.start()
    found = [told.get() for _ in range(4 * ROUNDS)]
    for one in others:
        one.join(LIMIT_S)
    assert set(found) == {""}
    assert len(list(store.RUNS.glob("*/*/run.json"))) == 4 * ROUNDS
    assert list(store.RUNS.glob("*/.*")) == []


def test_a_run_that_fails_leaves_its_neighbour_alone(runs: Path) -> None:
    """Of two runs in one second only the one that failed goes."""
    with store.folder("storm", WHEN) as first:
        with pytest.raises(ValueError, match="bug"), store.folder("storm", WHEN):
            raise ValueError("bug")
        (first / "run.json").write_text("{}")
    assert names(runs) == [NAME]


def test_the_latest_run_is_the_last_that_is_complete(runs: Path) -> None:
    """Hidden folders and those without a `run.json` do not count."""
    complete(WHEN)
    newest = complete(WHEN + timedelta(hours=10))
    (runs / "2099-01-01T00-00-00").mkdir()
    (runs / ".2099-01-01T00-00-00").mkdir()
    (runs / ".2099-01-01T00-00-00" / "run.json").write_text("{}")
    (runs / "notes.txt").write_text("mine")
    assert store.latest("storm") == newest


def test_without_a_run_the_way_to_one_is_told(runs: Path) -> None:
    """The error names the command."""
    assert not runs.exists()
    said = r"no run of storm yet; ./lab run storm makes one"
    with pytest.raises(EnvironmentNotReadyError, match=said):
        store.latest("storm")


def test_a_saved_recording_comes_back_as_it_was(runs: Path) -> None:
    """Unknown values stay unknown, and the digest is the same."""
    made = recording([request(0, 0.5), request(1, 1.5, status="timeout")], faults=[fault(1, 2)])
    made.series[SeriesKey("a", "requests_total", "")] = [0.0, math.nan, 2.0]
    made.notes.append("1.0 s a: 'ü'")
    with store.folder("storm", WHEN) as part:
        store.save(result(made), WHEN, part)
    loaded = store.recording(store.latest("storm"), "sim", "only")
    assert loaded.digest() == made.digest()
    assert loaded.requests[0] == made.requests[0]
    assert math.isnan(loaded.requests[1].answered_s)
    assert store.latest("storm").parent == runs


@pytest.mark.parametrize("value", [1.0, math.inf, -math.inf, math.nan])
def test_saved_controls_come_back_as_they_were(runs: Path, value: float) -> None:
    """Values and bounds that JSON has no number for, too."""
    made = result(value=value)
    made.controls.append(replace(made.controls[0], bound=Bound.around(2, model=0.2, chance=0.1)))
    with store.folder("storm", WHEN) as part:
        store.save(made, WHEN, part)
    assert repr(store.controls(runs / NAME)) == repr(made.controls)


@pytest.mark.parametrize("kind", [Kind.HOLDS, Kind.AGREEMENT])
def test_a_run_on_both_engines_is_one_whose_recordings_were_compared(
    runs: Path, kind: Kind
) -> None:
    """A lab that was changed for its run is another lab."""
    assert store.latest_on_both("storm") is None
    for days, note in enumerate(("a note", "not the lab as it is: --set a.b=1")):
        made = result()
        made.controls = [replace(made.controls[0], kind=kind)]
        made.notes.append(note)
        when = WHEN + timedelta(days=days)
        with store.folder("storm", when) as part:
            store.save(made, when, part)
    assert store.latest_on_both("storm") == (runs / NAME if kind is Kind.AGREEMENT else None)


def test_a_recording_that_there_is_not_is_told_with_near_names(runs: Path) -> None:
    """An unknown engine or variant is answered with what the run has."""
    both = [recording(variant="naive"), recording(variant="budget")]
    with store.folder("storm", WHEN) as part:
        store.save(result(*both), WHEN, part)
    said = (
        rf"{NAME} has no recording sim-budgt \(did you mean sim-budget\?\); "
        "it has sim-budget, sim-naive"
    )
    with pytest.raises(EnvironmentNotReadyError, match=said):
        store.recording(runs / NAME, "sim", "budgt")


def test_a_result_is_one_document_that_any_reader_of_json_can_read(runs: Path) -> None:
    """Infinities are words and NaN is null; versions and digests are there."""
    del runs
    unseen = fault(1, 2, seen_s=math.nan)
    made = replace(recording([request(0, 0.5)], faults=[unseen]), notes=["a note"])
    document = store.document(result(made, value=math.inf), WHEN)
    text = json.dumps(document, allow_nan=False)
    read = json.loads(text)
    (control,) = read["controls"]
    assert control["value"] == "inf"
    assert control["margin"] == "-inf"
    assert control["bound"] == {
        "at_least": "-inf",
        "at_most": 2,
        "equals": None,
        "model": 0,
        "chance": 0,
        "outside": False,
    }
    assert control["verdict"] == "FAIL"
    assert (read["lab"], read["seed"], read["verdict"]) == ("storm", 3, "FAIL")
    assert read["when"] == "2026-03-29T01:59:30+00:00"
    (kept,) = read["recordings"]
    assert kept["digest"] == made.digest()
    assert (kept["requests"], kept["good"], kept["spans"]) == (1, 1, 0)
    assert kept["faults"][0]["seen_s"] is None
    assert kept["notes"] == ["a note"]
    assert set(read["versions"]) == {"python", "chaoslab", *store.VERSIONED}


def test_an_unknown_value_is_null(runs: Path) -> None:
    """A measure that a recording cannot answer has neither a value nor a margin."""
    del runs
    (control,) = store.document(result(value=math.nan), WHEN)["controls"]
    assert (control["value"], control["margin"], control["verdict"]) == (None, None, "FAIL")
