"""JUnit XML, as a CI server reads it."""

import math
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from harness import junit
from harness.checks.verdict import Control, Kind
from harness.errors import EnvironmentNotReadyError
from harness.model.expect import Bound


def control(value: float, *, kind: Kind = Kind.HOLDS, claim: str = "recovers") -> Control:
    return Control(
        kind=kind,
        claim=claim,
        variant="budget",
        engine="sim",
        measure="good answers",
        unit="",
        value=value,
        bound=Bound(at_least=0.5),
    )


def suites(path: Path, *checked: junit.Checked) -> list[ET.Element]:
    """Write and read back."""
    junit.write(checked, path)
    root = ET.parse(path).getroot()  # noqa: S314 - we wrote it
    assert root.tag == "testsuites"
    return list(root)


def test_a_suite_has_the_counts_of_its_cases(tmp_path: Path) -> None:
    """PASS is a case, FAIL a failure, INCONCLUSIVE an error; the time is that of the suite."""
    controls = [control(1), control(0), control(0, kind=Kind.BASELINE), control(math.nan)]
    (suite,) = suites(tmp_path / "junit.xml", ("storm", 7, controls, 1.23456, ""))
    assert suite.attrib == {
        "name": "storm[seed 7]",
        "tests": "4",
        "failures": "2",
        "errors": "1",
        "time": "1.235",
    }
    assert [[child.tag for child in case] for case in suite] == [
        ["system-out"],
        ["failure"],
        ["error"],
        ["failure"],
    ]


def test_a_lab_that_could_not_be_checked_is_an_error(tmp_path: Path) -> None:
    """It has one case, which says why."""
    (suite,) = suites(tmp_path / "junit.xml", ("storm", 7, [], 0, "labs/storm/lab.py: no LAB"))
    assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("1", "1", "0")
    (error,) = suite.iter("error")
    assert error.get("message") == "labs/storm/lab.py: no LAB"


def test_a_case_tells_what_was_held_against_what(tmp_path: Path) -> None:
    """The name is that of the control; the message has value and bound."""
    (suite,) = suites(tmp_path / "junit.xml", ("storm", 7, [control(0.25)], 1, ""))
    (case,) = suite
    assert case.get("classname") == "storm[seed 7]"
    assert case.get("name") == "budget, the mend holds: recovers"
    assert case[0].get("message") == "good answers is 0.25, must be ≥ 0.5"


def test_whatever_a_claim_says_the_file_parses(tmp_path: Path) -> None:
    """Quotes, brackets and letters of any script come back as they were."""
    claim = """<a & "b"> 'ü' → 雪 ]]>"""
    (suite,) = suites(tmp_path / "junit.xml", ("storm", 7, [control(0, claim=claim)], 1, ""))
    assert suite[0].get("name") == f"budget, the mend holds: {claim}"


def test_the_file_is_utf_8_whatever_the_machine_prefers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The declaration and the bytes agree, so that every parser reads it."""
    monkeypatch.setattr("locale.getpreferredencoding", lambda _=True: "latin-1")
    monkeypatch.setattr("locale.getencoding", lambda: "latin-1")
    path = tmp_path / "junit.xml"
    junit.write([("storm", 7, [control(0.25)], 1, "")], path)
    assert "≥" in path.read_bytes().decode()
    assert path.read_bytes().split(b"\n")[0].lower().count(b"utf-8") == 1


def test_nothing_checked_is_an_empty_file(tmp_path: Path) -> None:
    """No suites are still a document."""
    assert suites(tmp_path / "junit.xml") == []


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The error names the file, and says that the checks were not in vain."""
    with pytest.raises(EnvironmentNotReadyError, match=r"junit.xml: .*; the checks have run"):
        junit.write([], tmp_path / "nowhere" / "junit.xml")
