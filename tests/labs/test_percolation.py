"""Percolation, broken on purpose; its meshes; the map beside theory's line."""

import random
from itertools import chain
from typing import Any

import pytest

from harness import catalogue
from harness.sweep.asking import own_numbers
from harness.sweep.cells import Run, simulate
from labs.cascades.percolation import maps, service
from labs.cascades.percolation.service import Chosen, Shape, reached
from services.server import SettingError, load, settings_of
from tests.labs.otherwise import SEED, failed

ENTRY = catalogue.find("percolation")
LAB = ENTRY.lab
APP = "labs.cascades.percolation.service"
LINE = [[1], [0, 2], [1, 3], [2], []]
"""Four services in a row, and one alone."""


def test_a_failure_goes_along_all_links_and_on() -> None:
    """In both directions; not to a service without links."""
    assert reached(LINE, (), 1) == {0, 1, 2, 3}
    assert reached(LINE, (), 4) == {4}


def test_an_isolated_service_takes_no_failure_and_passes_none_on() -> None:
    """What is behind it is safe; one of its own it keeps."""
    assert reached(LINE, {2}, 0) == {0, 1}
    assert reached(LINE, {2}, 3) == {3}
    assert reached(LINE, {2}, 2) == {2}


@pytest.mark.parametrize("shape", list(Shape))
def test_a_mesh_has_the_links_that_were_asked_for(shape: Shape) -> None:
    """Each has two ends; with hubs the first two services bring none."""
    mesh = shape.drawn(random.Random(1), 500, 1000)
    ends = sum(map(len, mesh))
    assert ends == (2000 if shape is Shape.EVEN else 1992)
    for one, others in enumerate(mesh):
        assert all(one in mesh[other] for other in others)


def test_with_hubs_each_service_brings_one_link_at_least() -> None:
    """All are linked then, and the first one brings none."""
    mesh = Shape.HUBS.drawn(random.Random(1), 500, 20)
    assert sum(map(len, mesh)) == 2 * 499
    assert reached(mesh, (), 0) == set(range(500))


def test_hubs_have_many_times_the_links_of_others() -> None:
    """The best linked of even meshes have some ten; every service of a mesh with hubs has two."""
    rng = random.Random(1)
    even, hubs = (sorted(map(len, shape.drawn(rng, 500, 1000))) for shape in Shape)
    assert even[-1] < 16
    assert hubs[-1] > 30
    assert hubs[2] == 2


def test_who_is_isolated() -> None:
    """Those with most links, or any; as many as were asked for."""
    rng = random.Random(1)
    mesh = [[1, 2, 3], [0, 2], [0, 1], [0], []]
    assert Chosen.MOST_LINKED.among(rng, mesh, 1) == {0}
    assert Chosen.MOST_LINKED.among(rng, mesh, 3) == {0, 1, 2}
    drawn = [Chosen.ANY.among(rng, mesh, 2) for _ in range(100)]
    assert {len(one) for one in drawn} == {2}
    assert set(chain(*drawn)) == set(range(5))


@pytest.mark.parametrize("wrong", [{"services": 1}, {"links": -1}, {"isolated": 501}])
def test_a_mesh_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=list(wrong)[-1]):
        settings_of(load(APP), wrong)


def test_failures_that_stop_at_the_next_service_are_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where each team counts the services that it calls itself."""

    def near(mesh: service.Mesh, isolated: set[int], first: int) -> set[int]:
        return {first, *(other for other in mesh[first] if other not in isolated)}

    monkeypatch.setattr(service, "reached", near)
    assert "a failure takes nearly all" in failed(LAB, "hubs")
    assert "with two links each, it takes most" in failed(LAB, "links-500")


def test_isolating_those_with_fewest_links_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred of them change next to nothing."""

    def fewest(_: Chosen, rng: random.Random, mesh: service.Mesh, number: int) -> set[int]:
        del rng
        return set(sorted(range(len(mesh)), key=lambda one: len(mesh[one]))[:number])

    monkeypatch.setattr(Chosen, "among", fewest)
    assert "a failure stays where it is" in failed(LAB, "hubs-hundred")


@pytest.mark.parametrize("links", [500, 1000])
@pytest.mark.parametrize("beside", [-50, 50])
def test_the_map_changes_where_theory_has_its_line(links: int, beside: int) -> None:
    """Fifty services on either side of it."""
    line = maps.enough(links, own_numbers(LAB, LAB.variant("even-hundred")))
    assert line == 500 * (1 - 500 / (2 * links))
    isolated = round(line) + beside
    settings = ("mesh.chosen=any", f"mesh.links={links}", f"mesh.isolated={isolated}")
    slug, variant = ENTRY.slug, maps.MAP.variant
    asked = Run(slug=slug, variant=variant, settings=settings, measure="map", seed=SEED)
    (found,) = simulate((asked,))
    assert (found.value <= maps.SMALL) == (beside > 0)
