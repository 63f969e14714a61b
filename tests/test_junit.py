"""JUnit XML, as a CI server reads it."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from harness import junit, store
from harness.checks.verdict import Control, Kind, judge
from harness.errors import EnvironmentNotReadyError
from harness.junit import Suite
from harness.measures import answer_ratio, success_ratio
from harness.model import baseline
from harness.model.expect import Bound
from harness.result import Result
from tests.support import lab, recording, request
from tests.test_agreement import TWO_HOSTS

BEGAN = datetime(2026, 3, 29, 1, 59, 30, tzinfo=UTC)
REPLAY = "./lab run storm --engine sim --seed 7"


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


def of(*controls: Control, error: str = "", slug: str = "storm", took_s: float = 1.5) -> Suite:
    return Suite(
        slug=slug,
        seed=7,
        controls=controls,
        began=BEGAN,
        took_s=took_s,
        replay=REPLAY,
        error=error,
    )


def suites(path: Path, *checked: Suite) -> list[ET.Element]:
    """Write and read back."""
    junit.write(checked, path)
    root = ET.parse(path).getroot()  # noqa: S314 - we wrote it
    assert root.tag == "testsuites"
    return list(root)


def test_a_suite_has_the_counts_of_its_cases(tmp_path: Path) -> None:
    """PASS is a case, FAIL a failure, INCONCLUSIVE an error; it says when it began."""
    controls = [control(1), control(0), control(0, kind=Kind.BASELINE), control(math.nan)]
    (suite,) = suites(tmp_path / "junit.xml", of(*controls, took_s=1.23456))
    assert suite.attrib == {
        "name": "storm[seed 7]",
        "tests": "4",
        "failures": "2",
        "errors": "1",
        "skipped": "0",
        "time": "1.235",
        "timestamp": "2026-03-29T01:59:30+00:00",
    }
    assert [[child.tag for child in case] for case in suite] == [
        ["system-out"],
        ["failure"],
        ["error"],
        ["failure"],
    ]


def test_the_seconds_of_the_cases_are_those_of_the_suite(tmp_path: Path) -> None:
    """A CI server adds them up."""
    (suite,) = suites(tmp_path / "junit.xml", of(*[control(1)] * 4, took_s=6))
    assert [float(case.attrib["time"]) for case in suite] == [1.5] * 4


def test_a_lab_that_could_not_be_checked_is_an_error(tmp_path: Path) -> None:
    """It has one case, which says why, and how to try again."""
    (suite,) = suites(tmp_path / "junit.xml", of(error="labs/storm/lab.py: no LAB"))
    assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("1", "1", "0")
    (error,) = suite.iter("error")
    assert error.get("message") == "labs/storm/lab.py: no LAB"
    assert error.get("type") == "NOT_CHECKED"
    assert str(error.text).endswith(f"replay: {REPLAY}")


def test_a_case_says_what_was_held_against_what_and_how_to_see_it_again(tmp_path: Path) -> None:
    """The name is that of the control; value, bound, kind and command are in the failure."""
    (suite,) = suites(tmp_path / "junit.xml", of(control(0.25)))
    (case,) = suite
    assert case.get("classname") == "storm[seed 7]"
    assert case.get("name") == "budget, the fix holds: recovers (good answers)"
    line = "good answers is 0.25, must be ≥ 0.5"
    assert case[0].attrib == {"message": line, "type": "HOLDS"}
    assert case[0].text == f"{line}\nreplay: {REPLAY}"


def test_a_value_that_is_not_to_be_had_says_what_was_missing(tmp_path: Path) -> None:
    """No number stands for nothing; a unit stands at value and bound."""
    unknown = replace(control(math.nan), missing="no call to app4 in the whole run")
    slow = replace(control(0.25), unit="s")
    (suite,) = suites(tmp_path / "junit.xml", of(unknown, slow))
    assert [case[0].get("message") for case in suite] == [
        "good answers has no value: no call to app4 in the whole run, must be ≥ 0.5",
        "good answers is 0.25 s, must be ≥ 0.5 s",
    ]


def test_whatever_a_claim_says_the_file_parses(tmp_path: Path) -> None:
    """Quotes, brackets and letters of any script come back as they were."""
    claim = """<a & "b"> 'ü' → 雪 ]]>"""
    (suite,) = suites(tmp_path / "junit.xml", of(control(0, claim=claim)))
    assert suite[0].get("name") == f"budget, the fix holds: {claim} (good answers)"


@pytest.mark.parametrize("sign", ["\x1b[31m", "\x00", "\x08", "\ufffe", "\ud800"], ids=ascii)
def test_what_xml_does_not_allow_is_replaced(tmp_path: Path, sign: str) -> None:
    """A service's message in colours does not make the whole file unreadable."""
    bad = f"{sign}boom"
    failed = replace(control(0, claim=bad), measure=bad)
    (suite,) = suites(tmp_path / "junit.xml", of(failed, error=f"does not start: {bad}"))
    for text in (suite[0].get("name"), suite[0][0].text, suite[1][0].get("message")):
        assert "\N{REPLACEMENT CHARACTER}" in str(text)
        assert "boom" in str(text)


def test_the_names_of_a_whole_check_are_distinct(tmp_path: Path) -> None:
    """Two baselines have one claim; a CI server would keep only the last case of a name."""
    two = replace(
        TWO_HOSTS,
        expect=(
            baseline(success_ratio(0, 2), at_least=0.9),
            baseline(answer_ratio("ok", 0, 2), at_least=0.9),
            baseline(success_ratio(0, 2), at_least=0.99),
        ),
    )
    controls = judge(two, recording([request(0, 0.5)]))
    found = suites(tmp_path / "junit.xml", *(of(*controls, slug=slug) for slug in ("one", "two")))
    cases = [(case.get("classname"), case.get("name")) for suite in found for case in suite]
    assert len(cases) == len(set(cases)) == 6
    assert {name for _, name in cases if "#2" in str(name)} == {
        "only, baseline: healthy before the fault (good answers, 0-2 s) #2"
    }


def test_the_cases_are_the_controls_of_the_document(tmp_path: Path) -> None:
    """JUnit and `--json` have the same claims, values and verdicts, in the same order."""
    controls = [
        control(1),
        control(0.25, claim="fails"),
        control(math.inf),
        replace(control(math.nan), missing="no request"),
        control(0, kind=Kind.BASELINE),
    ]
    made = Result(slug="storm", lab=lab(load=TWO_HOSTS.load), seed=7, controls=controls)
    told = store.document(made, BEGAN)["controls"]
    (suite,) = suites(tmp_path / "junit.xml", of(*controls))
    verdicts = {"system-out": "PASS", "failure": "FAIL", "error": "INCONCLUSIVE"}
    assert [verdicts[case[0].tag] for case in suite] == [one["verdict"] for one in told]
    for case, one in zip(suite, told, strict=True):
        assert f": {one['claim']} ({one['measure']})" in str(case.get("name"))
        value = f"is {float(one['value']):g}," if one["value"] is not None else "no value: no req"
        assert value in str(case[0].get("message") or case[0].text)


def test_the_file_is_utf_8_whatever_the_machine_prefers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The declaration and the bytes agree, so that every parser reads it."""
    monkeypatch.setattr("locale.getpreferredencoding", lambda _=True: "latin-1")
    monkeypatch.setattr("locale.getencoding", lambda: "latin-1")
    path = tmp_path / "junit.xml"
    junit.write([of(control(0.25))], path)
    assert "≥" in path.read_bytes().decode()
    assert path.read_bytes().split(b"\n")[0].lower().count(b"utf-8") == 1


def test_nothing_checked_is_an_empty_file(tmp_path: Path) -> None:
    """No suites are still a document."""
    assert suites(tmp_path / "junit.xml") == []


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The error names the file, and says that the checks were not in vain."""
    with pytest.raises(EnvironmentNotReadyError, match=r"junit.xml: .*; the checks have run"):
        junit.write([], tmp_path / "nowhere" / "junit.xml")


def test_a_file_that_fails_to_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there stays whole, and nothing half written lies beside it."""
    path = tmp_path / "junit.xml"
    junit.write([of(control(1))], path)
    before = path.read_bytes()

    def full(beside: Path, content: bytes) -> None:
        with beside.open("wb") as file:
            file.write(content[:5])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(EnvironmentNotReadyError, match="No space left"):
            junit.write([of(control(0))], path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["junit.xml"]


def test_what_is_no_plain_file_is_not_replaced(tmp_path: Path) -> None:
    """A link stays a link, and a device a device."""
    target, link = tmp_path / "target.xml", tmp_path / "link.xml"
    link.symlink_to(target)
    junit.write([], link)
    assert link.is_symlink()
    assert ET.parse(target).getroot().tag == "testsuites"  # noqa: S314 - we wrote it
    device = Path("/dev/null")
    junit.write([], device)
    assert device.is_char_device()
