"""JUnit XML: a suite for each lab and seed, a case for each control, distinct by name."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from harness import whole_files
from harness.checks.verdict import Control, Verdict
from harness.model.numbers import with_unit

BANNED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 does not allow, not even escaped: control characters, such as those of colours."""
TAGS = {Verdict.FAIL: "failure", Verdict.INCONCLUSIVE: "error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A lab under one seed: its controls, when it began, the seconds it took, and how to repeat it.

    `error` says why it could not be checked, if so.
    """

    slug: str
    seed: int
    controls: Sequence[Control]
    began: datetime
    took_s: float
    replay: str
    error: str = ""

    @property
    def name(self) -> str:
        """The suite's name: the lab and its seed."""
        return f"{self.slug}[seed {self.seed}]"


def write(suites: Sequence[Suite], path: Path) -> None:
    """Write what was checked; FAIL is a failure, INCONCLUSIVE an error, and so is a wrong lab.

    A file is always whole: it is written beside its place and then put there. What is no plain
    file, such as a pipe or a device, is written to as it is, for it must not be replaced.

    Raises:
        EnvironmentNotReadyError: the file cannot be written.

    """
    root = ET.Element("testsuites")
    root.extend(_suite(suite) for suite in suites)
    ET.indent(root)
    whole_files.put(ET.tostring(root, encoding="utf-8", xml_declaration=True), path)


def held(control: Control) -> str:
    """Say what a control found and what it had to find, in one line."""
    value = with_unit(f"{control.value:g}", control.unit)
    found = f"has no value: {control.missing}" if control.missing else f"is {value}"
    return f"{control.measure} {found}, must be {control.bound.said(control.unit)}"


def names(controls: Sequence[Control]) -> list[str]:
    """Name each control; the measure is part of it, and a number where that is not enough."""
    plain = [f"{one.variant}, {one.kind}: {one.claim} ({one.measure})" for one in controls]
    seen = Counter[str]()
    distinct = []
    for name in plain:
        seen[name] += 1
        distinct.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return distinct


def _suite(one: Suite) -> ET.Element:
    verdicts = [control.verdict for control in one.controls]
    suite = ET.Element(
        "testsuite",
        name=one.name,
        tests=str(len(one.controls) + bool(one.error)),
        failures=str(verdicts.count(Verdict.FAIL)),
        errors=str(verdicts.count(Verdict.INCONCLUSIVE) + bool(one.error)),
        skipped="0",
        time=f"{one.took_s:.3f}",
        timestamp=one.began.isoformat(timespec="seconds"),
    )
    share_s = one.took_s / max(1, len(one.controls) + bool(one.error))
    for name, control in zip(names(one.controls), one.controls, strict=True):
        suite.append(_case(one, name, control, share_s))
    if one.error:
        case = _testcase(one, "can be checked", share_s)
        _body(case, "error", "NOT_CHECKED", one.error, one.replay)
        suite.append(case)
    return suite


def _case(one: Suite, name: str, control: Control, share_s: float) -> ET.Element:
    """Make a case; the seconds of a suite are those of all its controls together."""
    case = _testcase(one, name, share_s)
    line = held(control)
    if control.verdict in TAGS:
        _body(case, TAGS[control.verdict], control.kind.name, line, one.replay)
    else:
        ET.SubElement(case, "system-out").text = _legal(line)
    return case


def _testcase(one: Suite, name: str, took_s: float) -> ET.Element:
    return ET.Element("testcase", classname=one.name, name=_legal(name), time=f"{took_s:.3f}")


def _body(case: ET.Element, tag: str, kind: str, line: str, replay: str) -> None:
    body = ET.SubElement(case, tag, message=_legal(line), type=kind)
    body.text = _legal(f"{line}\nreplay: {replay}")


def _legal(text: str) -> str:
    """Put a sign in place of what XML cannot hold."""
    return BANNED.sub("\N{REPLACEMENT CHARACTER}", text)
