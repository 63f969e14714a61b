"""JUnit XML: a suite for each lab and seed, a case for each control."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from harness.checks.verdict import Control, Verdict
from harness.errors import EnvironmentNotReadyError

Checked = tuple[str, int, Sequence[Control], float, str]
"""A slug, a seed, the controls, the seconds that they took together, and why there are none."""


def write(checked: Sequence[Checked], path: Path) -> None:
    """Write what was checked; FAIL is a failure, INCONCLUSIVE an error, and so is a wrong lab.

    Raises:
        EnvironmentNotReadyError: the file cannot be written.

    """
    root = ET.Element("testsuites")
    for slug, seed, controls, took_s, error in checked:
        root.append(_suite(f"{slug}[seed {seed}]", controls, took_s, error))
    ET.indent(root)
    try:
        ET.ElementTree(root).write(path, encoding="unicode", xml_declaration=True)
    except OSError as error:
        said = f"{path}: {error.strerror}; the checks have run, see above"
        raise EnvironmentNotReadyError(said) from error


def _suite(name: str, controls: Sequence[Control], took_s: float, error: str) -> ET.Element:
    verdicts = [control.verdict for control in controls]
    suite = ET.Element(
        "testsuite",
        name=name,
        tests=str(len(controls) + bool(error)),
        failures=str(verdicts.count(Verdict.FAIL)),
        errors=str(verdicts.count(Verdict.INCONCLUSIVE) + bool(error)),
        time=f"{took_s:.3f}",
    )
    for control in controls:
        suite.append(_case(name, control))
    if error:
        case = ET.SubElement(suite, "testcase", classname=name, name="can be checked")
        ET.SubElement(case, "error", message=error)
    return suite


def _case(suite: str, control: Control) -> ET.Element:
    name = f"{control.variant}, {control.kind}: {control.claim}"
    case = ET.Element("testcase", classname=suite, name=name)
    held = f"{control.measure} is {control.value:g}, must be {control.bound}"
    tags = {Verdict.FAIL: "failure", Verdict.INCONCLUSIVE: "error"}
    if control.verdict in tags:
        ET.SubElement(case, tags[control.verdict], message=held)
    else:
        ET.SubElement(case, "system-out").text = held
    return case
