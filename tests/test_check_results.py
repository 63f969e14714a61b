"""The file of a check's results: whole lines, of one tree, one check at a time."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness import catalogue, check_results, control_json
from harness.check_results import Checked
from harness.checks.verdict import Control, Kind
from harness.errors import EnvironmentNotReadyError
from harness.model.expect import Bound

WHAT = {"chaoslab results": 1, "engine": "sim", "labs": "abc"}
BOUNDS = (Bound(at_least=1), Bound(at_most=2.5), Bound(equals=4, model=0.1, chance=0.2))


def checked(seed: int, value: float = 1.5, error: str = "") -> Checked:
    control = Control(
        kind=Kind.HOLDS,
        claim="récovers | fully",
        variant="calm",
        engine="sim",
        measure="time to recover",
        unit="s",
        value=value,
        bound=BOUNDS[seed % 3],
        missing="nothing was sent" if math.isnan(value) else "",
    )
    began = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return Checked(
        slug="small", seed=seed, controls=(control,), began=began, took_s=0.25, error=error
    )


def write(path: Path, *ones: Checked, what: dict[str, Any] = WHAT, resume: bool = False) -> None:
    with check_results.opened(path, what, resume=resume, needed=True) as results:
        for one in ones:
            results.add(one)


def resumed(path: Path, what: dict[str, Any] = WHAT) -> tuple[Checked, ...]:
    with check_results.opened(path, what, resume=True, needed=True) as results:
        return results.kept


@pytest.mark.parametrize("value", [1.5, math.inf, -math.inf, 0.1 + 0.2])
def test_a_result_comes_back_as_it_was(tmp_path: Path, value: float) -> None:
    """To the last bit, whatever the bound, and with its error."""
    ones = tuple(checked(seed, value, error="no engine" if seed == 3 else "") for seed in (1, 2, 3))
    write(tmp_path / "r", *ones)
    assert resumed(tmp_path / "r") == ones
    assert tuple(check_results.read(tmp_path / "r")) == ones


def test_a_value_that_was_not_to_be_had_comes_back_as_none(tmp_path: Path) -> None:
    """NaN is not equal to itself, so it is looked at."""
    write(tmp_path / "r", checked(1, math.nan))
    ((control,),) = (one.controls for one in resumed(tmp_path / "r"))
    assert math.isnan(control.value)
    assert control.missing == "nothing was sent"


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_half_a_line_is_dropped_and_the_next_result_is_whole(tmp_path: Path, cut: int) -> None:
    """As a killed check leaves it; what was whole before stays."""
    path = tmp_path / "r"
    write(path, checked(1), checked(2))
    path.write_bytes(path.read_bytes()[:-cut])
    with check_results.opened(path, WHAT, resume=True, needed=True) as results:
        assert results.kept == (checked(1),)
        results.add(checked(5))
    assert resumed(path) == (checked(1), checked(5))


def test_half_a_first_line_is_no_result(tmp_path: Path) -> None:
    """A check that was killed as it began is begun anew."""
    path = tmp_path / "r"
    path.write_text('{"chaoslab res')
    assert resumed(path) == ()
    assert json.loads(path.read_text()) == WHAT


def test_without_resume_the_file_begins_anew(tmp_path: Path) -> None:
    """Old results are not mixed with new ones."""
    write(tmp_path / "r", checked(1))
    write(tmp_path / "r", checked(2))
    assert resumed(tmp_path / "r") == (checked(2),)


def test_what_is_not_there_is_begun(tmp_path: Path) -> None:
    """A CI job that always says --resume has nothing to go on with at first."""
    assert resumed(tmp_path / "r") == ()
    assert (tmp_path / "r").read_text().endswith("\n")


@pytest.mark.parametrize("name", WHAT)
def test_results_of_another_tree_are_refused(tmp_path: Path, name: str) -> None:
    """The line names what differs, and the file stays as it is."""
    path = tmp_path / "r"
    write(path, checked(1), what=WHAT | {name: "other"})
    before = path.read_bytes()
    with pytest.raises(EnvironmentNotReadyError, match=rf"another tree \({name} differ\)"):
        resumed(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("line", ["{}\n", "[]\n", "garbage\n", '{"slug": "small"}\n'])
def test_a_line_that_cannot_be_read_is_refused(tmp_path: Path, line: str) -> None:
    """Nobody takes a file that was edited for a check."""
    path = tmp_path / "r"
    write(path, checked(1))
    path.write_text(path.read_text() + line)
    with pytest.raises(EnvironmentNotReadyError, match="leave --resume out"):
        resumed(path)


def test_a_file_that_another_check_writes_is_left_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two at one moment: the second one goes without, or is refused where it named the file."""
    path = tmp_path / "runs" / "r"
    with check_results.opened(path, WHAT, resume=False, needed=False) as first:
        with check_results.opened(path, WHAT, resume=False, needed=False) as second:
            second.add(checked(9))
        assert "another check is writing" in capsys.readouterr().err
        with (
            pytest.raises(EnvironmentNotReadyError, match="another check is writing"),
            check_results.opened(path, WHAT, resume=False, needed=True),
        ):
            pass
        first.add(checked(1))
    assert resumed(path) == (checked(1),)


def test_a_full_disk_is_told_at_the_end(tmp_path: Path) -> None:
    """The check goes on; why results were not kept is there to be told."""
    (tmp_path / "r").symlink_to("/dev/full")
    with (tmp_path / "r").open("w") as file:
        results = check_results.Results(file)
        results.add(checked(1))
        results.add(checked(2))
        assert "No space left" in results.failed


def test_a_digest_is_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed, a new and a renamed file are each another tree; a lesson is not code."""
    monkeypatch.setattr(catalogue, "LABS", tmp_path)
    (tmp_path / "a.py").write_text("x = 1\n")

    def labs() -> str:
        return str(check_results.of_tree("sim", permute=False)["labs"])

    seen = [labs()]
    (tmp_path / "README.md").write_text("a lesson")
    assert labs() == seen[0]
    (tmp_path / "a.py").write_text("x = 2\n")
    seen.append(labs())
    (tmp_path / "b.py").write_text("")
    seen.append(labs())
    (tmp_path / "b.py").rename(tmp_path / "c.py")
    seen.append(labs())
    assert len(set(seen)) == 4


def test_a_control_is_read_from_json_alone() -> None:
    """Through JSON's text, with infinities and an exact bound."""
    (control,) = checked(2, math.inf).controls
    assert control_json.read(json.loads(json.dumps(control_json.written(control)))) == control
