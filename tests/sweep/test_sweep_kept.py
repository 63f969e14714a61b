"""What sweeps have found is kept by keys, whatever else happens to the file."""

import math
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness import catalogue, store
from harness.sweep import kept
from harness.sweep.cells import MOST_TOGETHER, Found, Run, batches, simulate

RUN = Run(
    slug="retry-storm",
    variant="naive",
    settings=("checkout.tries=2", "load.rate_rps=10"),
    measure="success_ratio(0, 1)",
    seed=1,
)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "RUNS", tmp_path / "runs")
    return tmp_path / "runs"


def test_a_run_and_its_result_travel_to_another_machine() -> None:
    """They are small values of plain parts, and the function that does them is a module's own."""
    assert pickle.loads(pickle.dumps(RUN)) == RUN  # noqa: S301 - our own
    (found,) = simulate((RUN,))
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own
    assert len(pickle.dumps(found)) < 1000
    assert pickle.loads(pickle.dumps(simulate)) is simulate  # noqa: S301 - our own


def test_runs_of_one_cell_go_together_and_not_too_many() -> None:
    """Every run is in one batch, and all of a batch differ in their seeds alone."""
    every = [
        replace(RUN, seed=seed, settings=(setting,)) for seed in range(10) for setting in ("a", "b")
    ]
    found = batches(every)
    assert sorted(run.seed for batch in found for run in batch) == sorted(one.seed for one in every)
    assert {len({run.settings for run in batch}) for batch in found} == {1}
    assert max(map(len, found)) == MOST_TOGETHER


def test_a_key_is_of_all_that_decides_a_run() -> None:
    """Another variant, setting, measure or seed has another; another order of settings has not."""
    keys = kept.Keys(catalogue.find("retry-storm"))
    others = [
        RUN,
        replace(RUN, variant="budget"),
        replace(RUN, settings=RUN.settings[:1]),
        replace(RUN, measure="success_ratio(0, 2)"),
        replace(RUN, seed=2),
    ]
    assert len({keys.key(one) for one in others}) == len(others)
    assert keys.key(replace(RUN, settings=RUN.settings[::-1])) == keys.key(RUN)


def test_what_a_key_leaves_out_no_run_imports() -> None:
    """Code of reports and commands may change, and all that was found is known still."""
    told = subprocess.run(
        [sys.executable, "-c", "import sys, harness.sweep.cells; print(*sys.modules)"],
        cwd=catalogue.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = [name.split(".") for name in told.stdout.split() if name.startswith("harness.")]
    assert ["harness", "engines", "sim", "session"] in loaded
    assert [name for name in loaded if {*name} & {*kept.APART}] == []


@pytest.mark.parametrize("value", [1.5, math.inf, -math.inf, math.nan, 0.1 + 0.2])
def test_a_value_is_read_as_it_was_written(value: float) -> None:
    """Also what JSON has no word for."""
    with kept.opened("retry-storm") as results:
        results.add("one", Found(run=RUN, value=value, missing="why" if value != value else ""))  # noqa: PLR0124
    with kept.opened("retry-storm") as results:
        assert repr(results.known["one"][0]) == repr(value)


def test_what_was_lost_is_not_kept() -> None:
    """A process that was killed says nothing of its run, which is tried again."""
    with kept.opened("retry-storm") as results:
        results.add("one", Found(run=RUN, value=math.nan, missing="killed", is_lost=True))
        assert results.known == {}
    with kept.opened("retry-storm") as results:
        assert results.known == {}


def test_a_line_that_is_none_costs_its_own_run_alone() -> None:
    """Whatever somebody has written between is passed over."""
    with kept.opened("retry-storm") as results:
        results.add("one", Found(run=RUN, value=1))
    file = kept.folder("retry-storm") / kept.FILE
    file.write_text('[]\n{"key": 1}\nnonsense\n' + file.read_text())
    with kept.opened("retry-storm") as results:
        assert results.known == {"one": (1, "")}


def test_two_sweeps_of_one_lab_do_not_write_into_one_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The second one knows what was there, says that it is not kept, and goes on."""
    with kept.opened("retry-storm") as first:
        first.add("one", Found(run=RUN, value=1))
        with kept.opened("retry-storm") as second:
            second.add("two", Found(run=RUN, value=2))
            assert second.known == {"one": (1, ""), "two": (2, "")}
    assert "another sweep" in capsys.readouterr().err
    with kept.opened("retry-storm") as third:
        assert third.known == {"one": (1, "")}


def test_where_nothing_can_be_written_a_line_says_so(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sweep goes on without being kept."""
    runs.write_text("no folder")
    with kept.opened("retry-storm") as results:
        results.add("one", Found(run=RUN, value=1))
        assert results.known == {"one": (1, "")}
    assert "this sweep is not kept" in capsys.readouterr().err
