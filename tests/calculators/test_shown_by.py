"""Which labs show a formula: what their code names is what runs when they are loaded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness import catalogue
from harness.calculators import formulas, shown_by

ROOT = Path(__file__).parents[2]
LIMIT_S = 120

# Loads every lab, draws its maps' borders, and lists which formulas its own code calls meanwhile.
WATCHER = r"""
import json, sys
from collections import defaultdict
from harness import catalogue
from harness.sweep.asking import Wanted, grid_of, swept
from harness.sweep.measures import map_names

called = defaultdict(set)
def watch(frame, event, _):
    module, caller = frame.f_globals.get("__name__", ""), frame.f_back
    if event == "call" and module.startswith("harness.theory.") and caller:
        by = caller.f_globals.get("__name__", "").split(".")
        if by[0] == "labs":
            called[by[2]].add(f"{module.removeprefix('harness.theory.')}.{frame.f_code.co_name}")
sys.setprofile(watch)
for slug in catalogue.slugs():
    for name in map_names(catalogue.find(slug)):
        swept(*grid_of(Wanted(slug=slug, map_name=name), catalogue.find(slug)), {})
sys.setprofile(None)
print(json.dumps({lab: sorted(names) for lab, names in called.items()}))
"""


@pytest.fixture(scope="module")
def watched() -> dict[str, list[str]]:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", WATCHER],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_what_a_lab_names_is_what_it_calls(watched: dict[str, list[str]]) -> None:
    """Neither a formula that is only imported, nor one that is called under another name."""
    known = set(formulas.calculators())
    for slug in catalogue.slugs():
        folder = catalogue.find(slug).folder
        named = shown_by.used(folder) & known
        assert named == set(watched.get(folder.name, ())), slug
    assert sum(map(len, watched.values())) > 50


def test_labs_whose_prediction_names_the_formula_come_first() -> None:
    """Little's law is what one lab is about; another only counts by it."""
    first, *_ = shown_by.labs("queues.littles_law_number")

    assert first.slug == "littles-law"
    assert first.predictions
    assert [bool(one.predictions) for one in shown_by.labs("chance.poisson_count_sd")][:1] == [
        False
    ]


def test_a_formula_that_no_lab_uses_has_none() -> None:
    assert shown_by.labs("cascades.cascade_mean_size") == ()


def test_every_formula_has_a_source() -> None:
    """A row of the table of laws names it."""
    assert [name for name in formulas.calculators() if not shown_by.rows(name)] == []


def test_functions_are_found_however_they_are_imported(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "from harness.theory import queues as q\n"
        "from harness.theory.loss import erlang_b as refused\n"
        "from harness.theory import chance\n"
        "x = q.erlang_c, refused\n"
    )
    assert shown_by.used(tmp_path) == {"queues.erlang_c", "loss.erlang_b"}
