"""A lab as a value: variants over services, links, the negative control."""

from dataclasses import FrozenInstanceError, replace

import pytest

from harness.model import Broken, Fixed, Lab, Pause, Poisson, Service, during
from harness.model.lab import Link

FRONT = Service("front", app="x", calls=("back", "cache"), settings={"tries": 1, "limit": 5})
BACK = Service("back", app="y", calls=("cache",))
FRONT_END = Service("front-end", app="z")
LAB = Lab(
    title="",
    question="",
    services=(FRONT, BACK, FRONT_END),
    load=Poisson(to="front", rate_rps=1),
    duration_s=10,
    faults=(during(1, 2, Pause("back")),),
    variants=(
        Broken("naive", {"front.tries": 4}),
        Fixed("mended", {"front.tries": 2, "back.x": 1}),
    ),
    expect=(),
)


def test_a_variant_changes_only_the_settings_that_it_names() -> None:
    """The lab's own settings stay, and so does every other service."""
    front, back, other = LAB.under(LAB.variant("naive"))
    assert front.settings == {"tries": 4, "limit": 5}
    assert (front.name, front.app, front.calls) == (FRONT.name, FRONT.app, FRONT.calls)
    assert back == BACK
    assert other == FRONT_END
    assert FRONT.settings == {"tries": 1, "limit": 5}


def test_a_setting_goes_to_the_service_of_that_very_name() -> None:
    """`front.` is no beginning of `front-end.`, and a dot in a value's name is its own."""
    changed = LAB.under(Broken("x", {"front-end.a": 1, "front.b.c": 2}))
    assert [dict(service.settings) for service in changed] == [
        {"tries": 1, "limit": 5, "b.c": 2},
        {},
        {"a": 1},
    ]


def test_links_are_the_loads_own_and_every_call() -> None:
    """The load's first, then the services' in their order."""
    assert list(LAB.links()) == [
        Link(caller="client", callee="front"),
        Link(caller="front", callee="back"),
        Link(caller="front", callee="cache"),
        Link(caller="back", callee="cache"),
    ]
    assert next(LAB.links()).name == "client->front"


REPLICATED = replace(
    LAB, services=(replace(FRONT, replicas=2), replace(BACK, replicas=3, calls=()), FRONT_END)
)


def test_replicas_are_hosts_of_their_own_with_one_service() -> None:
    """Numbered from 1; a service without replicas is a host by its own name."""
    hosts = ("front-1", "front-2", "back-1", "back-2", "back-3", "front-end")
    assert REPLICATED.hosts() == hosts
    placed = REPLICATED.placed(LAB.variant("naive"))
    assert tuple(placed) == hosts
    assert placed["front-1"] is placed["front-2"]
    assert placed["front-2"].settings == {"tries": 4, "limit": 5}
    assert LAB.placed(LAB.variant("naive")).keys() == set(LAB.hosts())


UNEQUAL = replace(
    REPLICATED,
    services=(FRONT, replace(BACK, replicas=3, settings={"x": 0, "y": 9}, each={"x": (1, 2, 3)})),
)


def test_replicas_may_differ_in_some_settings() -> None:
    """In their order; the others are those of all."""
    placed = UNEQUAL.placed(LAB.variant("naive"))
    assert {host: dict(service.settings) for host, service in placed.items()} == {
        "front": {"tries": 4, "limit": 5},
        "back-1": {"x": 1, "y": 9},
        "back-2": {"x": 2, "y": 9},
        "back-3": {"x": 3, "y": 9},
    }


def test_a_variants_setting_is_that_of_all_replicas() -> None:
    """Also where they differ without it."""
    placed = UNEQUAL.placed(Fixed("equal", {"back.x": 7}))
    assert [placed[f"back-{number}"].settings["x"] for number in (1, 2, 3)] == [7, 7, 7]


def test_a_name_stands_for_all_replicas_and_a_hosts_name_for_one() -> None:
    """What is no service's name stands for itself."""
    assert REPLICATED.behind("back") == ("back-1", "back-2", "back-3")
    assert REPLICATED.behind("back-2") == ("back-2",)
    assert REPLICATED.behind("front-end") == ("front-end",)


def test_each_replica_has_links_of_its_own_to_the_names_that_it_calls() -> None:
    """And the load has one, to the name of all."""
    assert [link.name for link in REPLICATED.links()] == [
        "client->front",
        "front-1->back",
        "front-1->cache",
        "front-2->back",
        "front-2->cache",
    ]


def test_replicas_may_call_one_another_and_not_themselves() -> None:
    """By their hosts' names, which every replica has among its calls; by the service's, anyone."""
    peers = Service("back", app="services.worker", replicas=2, calls=("back-1", "back-2", "back"))
    assert peers.callees("back-1") == ("back-2", "back")
    assert peers.callees("back-2") == ("back-1", "back")
    assert Service("back", app="services.worker", calls=("back",)).callees("back") == ("back",)
    links = [link.name for link in replace(LAB, services=(FRONT, peers)).links()]
    assert [name for name in links if name.startswith("back")] == [
        "back-1->back-2",
        "back-1->back",
        "back-2->back-1",
        "back-2->back",
    ]


def test_replicas_are_folded_into_their_service() -> None:
    """In hosts and links; other places stay as they are."""
    assert REPLICATED.folded("back-2") == "back"
    assert REPLICATED.folded("front-1->back-3") == "front->back"
    assert REPLICATED.folded("client->front") == "client->front"
    assert REPLICATED.folded("front-end") == "front-end"
    assert REPLICATED.folded("back-4") == "back-4"


def test_services_and_variants_are_found_by_name() -> None:
    """And what is not there is a KeyError."""
    assert LAB.service("back") is BACK
    assert LAB.variant("mended").name == "mended"
    for find in (LAB.service, LAB.variant):
        with pytest.raises(KeyError):
            find("nobody")


def test_the_negative_control_is_the_same_lab_with_nothing_broken() -> None:
    """Only the faults are gone."""
    control = LAB.without_trigger()
    assert control.faults == ()
    assert replace(control, faults=LAB.faults, is_control=False) == LAB


def test_a_lab_does_not_change() -> None:
    """It is a value; a variant is one too, and knows whether it breaks or holds."""
    with pytest.raises(FrozenInstanceError):
        LAB.title = "other"  # type: ignore[misc]
    broken: object = Broken("x")
    assert broken != Fixed("x")
    assert broken == Broken("x")
