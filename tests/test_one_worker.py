"""Tests of a lab run on one worker, whatever the others do."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

LIMIT_S = 120
CHEAP = "predicts_from_theory or is_short or only_pictures or asks_what"
"""Tests over all labs that simulate nothing."""
DONE = re.compile(r"\[(gw\d)\].* tests/test_labs\.py::(\w+)\[([\w-]+)\]")


def test_a_lab_is_not_run_by_two_workers() -> None:
    """Its tests come from one of them, and both have work."""
    done = subprocess.run(  # noqa: S603 - pytest itself
        [
            *(sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadgroup"),
            *("-p", "no:cacheprovider", "tests/test_labs.py", "-k", CHEAP),
        ],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    workers: dict[str, set[str]] = defaultdict(set)
    tests: dict[str, set[str]] = defaultdict(set)
    for worker, test, lab in DONE.findall(done.stdout):
        workers[lab].add(worker)
        tests[lab].add(test)
    assert all(len(found) > 1 for found in tests.values())
    assert {len(found) for found in workers.values()} == {1}
    assert set.union(*workers.values()) == {"gw0", "gw1"}
