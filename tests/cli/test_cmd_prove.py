"""`./lab prove`: what is broken on purpose is noticed, and what is not is told."""

import sys
from datetime import date
from types import ModuleType

import pytest

from harness import catalogue
from harness.due import IN_TURN, due_to_prove
from harness.lessons.experiments import lesson as lesson_of
from harness.proof import kept, lesson, replacing, sabotage, tampering
from harness.proof.bench import Bench
from harness.proof.item import Item, Way
from harness.proof.words import items as words_of
from services.patterns.guards import Sabotage
from services.patterns.retry import Retry
from tests.cli.workshop import SMALL, Workshop

TOLD = """# A small lab

## Break the fix

    ./lab run small --variant calm --set front.tries=4
<!-- FAIL: recovers -->

Down again.
"""
PROVEN = SMALL.replace(
    """        on("calm", claim="recovers\"""",
    """        on("calm", claim="loses what comes meanwhile", measure=success_ratio(1.1, 1.9),
           at_most=0.5),
        on("calm", claim="recovers\"""",
)
IDLE = PROVEN.replace('Fixed("calm", {"front.tries": 1})', "FIX").replace(
    "FIX", 'Fixed("calm", {"front.tries": 1, "back.error_ratio": 0.001})'
)
"""A lab whose fix has a setting that fixes nothing."""


@pytest.fixture(name="small")
def _small(shop: Workshop) -> Bench:
    (shop.write(PROVEN) / "README.md").write_text(TOLD)
    return Bench(catalogue.find("small"))


def ways(items: list[Item]) -> set[Way]:
    return {item.way for item in items}


def test_a_lab_that_notices_everything_is_proven(small: Bench, shop: Workshop) -> None:
    """With a line for each way, and the claims that noticed if asked for."""
    del small
    outcome = shop.run("prove", "small", "--verbose")
    assert outcome.code == 0
    for way in set(Way) - {Way.WORD}:  # it has none
        assert f"✓ {way}" in outcome.out
    assert "naive: stays down" in outcome.out
    assert "calm, front.tries = 4 in place of 1: recovers" in outcome.out
    assert outcome.out.endswith("1 proven, 0 not\n")


def test_a_proof_is_kept_for_what_was_proven(small: Bench, shop: Workshop) -> None:
    """Another claim, or other words about an experiment, and it is to be done again."""
    command = "never: ./lab prove small --keep"
    assert command in shop.run("evidence").out
    assert shop.run("prove", "--keep").code == 0
    assert "proof          holds, " in shop.run("evidence").out
    lesson_of(small.entry).write_text(TOLD.replace("Down again.", "It is down again."))
    assert "something has changed since: ./lab prove small" in shop.run("evidence").out


def test_what_does_not_hold_is_not_kept(shop: Workshop) -> None:
    """Nor is the proof of another lab forgotten for it."""
    shop.write(IDLE)
    kept.add(["small"], "2026-01-01")
    before = kept.path().read_text()
    assert shop.run("prove", "--keep").code == 1
    assert kept.path().read_text() == before


def test_a_file_of_proofs_that_is_broken_is_one_line(shop: Workshop) -> None:
    """It says what to do."""
    shop.write()
    kept.path().write_text("lab\tday\nsmall\t2026-01-01\n")
    assert "./lab prove --keep" in shop.run("evidence").complaint


def test_what_has_changed_is_proven_and_the_others_in_turn(shop: Workshop) -> None:
    """Within as many days as it takes, all of them."""
    slugs = [f"lab-{number:02}" for number in range(2 * IN_TURN + 3)]
    for slug in slugs:
        shop.write(slug=slug)
    kept.add(slugs[1:], "2026-01-01")
    days = [set(due_to_prove(slugs, date(2026, 1, day))) for day in range(1, 4)]
    assert all(slugs[0] in day for day in days)
    assert [len(day) for day in days] == [1 + IN_TURN] * 3
    assert set.union(*days) == set(slugs)


def test_a_setting_that_fixes_nothing_is_told(shop: Workshop) -> None:
    """It is in the fix, and nobody would miss it."""
    (shop.write(IDLE) / "README.md").write_text(TOLD)
    outcome = shop.run("prove", "small")
    assert outcome.code == 1
    assert "✗ a fix with one setting undone: 1 of 2 noticed" in outcome.out
    assert "back.error_ratio = the default in place of 0.001: no claim notices" in outcome.out


def test_a_service_that_answers_by_itself_leaves_nothing_behind(small: Bench) -> None:
    """Its modules are gone afterwards, and the lab's services are its own."""
    assert [item.holds for item in tampering.cheated(small)] == [True]
    with pytest.raises(ModuleNotFoundError):
        __import__("cheat_front")
    assert small.met(small.lab.variants[1]).digest() == small.met(small.lab.variants[1]).digest()


@pytest.mark.parametrize(("one_way_ms", "holds"), [(20, True), (1, False)])
def test_a_distance_that_matters_to_no_claim_is_told(
    shop: Workshop, one_way_ms: int, *, holds: bool
) -> None:
    """One that is claimed of is noticed; a short one that nobody speaks of is not."""
    words = f"""    distances=(Distance(("front",), ("back",), one_way_ms={one_way_ms}),),
    faults="""
    claim = f"""        on("calm", claim="it is far", measure=latency_ms(0.5, 3, 5),
           at_least={2 * one_way_ms if holds else 1}),
        on("calm", claim="recovers\""""
    text = PROVEN.replace("    faults=", words).replace(
        '        on("calm", claim="recovers"', claim
    )
    text = text.replace("import Broken,", "import Broken, Distance,")
    text = text.replace("import recovery_s,", "import latency_ms, recovery_s,")
    shop.write(text)
    (item,) = words_of(Bench(catalogue.find("small")))
    assert item.holds is holds
    assert "distance" in item.what


def test_a_pattern_is_sabotaged_where_it_is_used_alone(small: Bench) -> None:
    """Both variants retry; the circuit breaker of others is not tried."""
    items = list(sabotage.items(small))
    assert [item.way for item in items] == [Way.SABOTAGE]
    assert items[0].what.startswith("Retry.run of retry")
    assert items[0].holds


def test_a_sabotage_that_nobody_notices_is_told(
    small: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It changes the run, and no claim."""
    sound = Retry.run

    async def three(self: Retry, *given: object) -> object:
        object.__setattr__(self, "tries", min(self.tries, 3))
        return await sound(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(replacing, "listed", lambda: [("retry", Sabotage(Retry, "run", three))])
    (item,) = sabotage.items(small)
    assert not item.holds
    assert "what is retry there for?" in item.missing


def test_a_sabotage_that_changes_nothing_says_nothing(
    small: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lab that never needs what is gone need not notice."""
    monkeypatch.setattr(replacing, "listed", lambda: [("retry", Sabotage(Retry, "run", Retry.run))])
    assert list(sabotage.items(small)) == []


def test_a_function_is_sabotaged_wherever_it_was_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also under the name of the service that uses it, and only for as long as it lasts."""
    pattern, user = ModuleType("services.patterns.trial"), ModuleType("services.trial")
    vars(pattern)["chance"] = vars(user)["chance"] = sound = dict
    monkeypatch.setitem(sys.modules, "services.trial", user)
    with replacing.applied(Sabotage(pattern, "chance", list)):
        assert (vars(pattern)["chance"], vars(user)["chance"]) == (list, list)
    assert (vars(pattern)["chance"], vars(user)["chance"]) == (sound, sound)


def test_properties_and_static_methods_are_watched_as_what_they_are() -> None:
    """What says that it was called gives what the sound one gives."""
    called: list[str] = []

    class Pattern:
        @property
        def size(self) -> int:
            return 4

        @staticmethod
        def twice(number: int) -> int:
            return 2 * number

    size = replacing.seen(vars(Pattern)["size"], lambda: called.append("size"))
    twice = replacing.seen(vars(Pattern)["twice"], lambda: called.append("twice"))
    watched = type("Watched", (Pattern,), {"size": size, "twice": twice})()
    assert (watched.size, watched.twice(3)) == (4, 6)
    assert called == ["size", "twice"]


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        ("<!-- FAIL: recovers -->", ""),
        ("<!-- FAIL -->", ""),
        ("<!-- PASS -->", "the lesson says PASS, and it is FAIL: recovers"),
        ("<!-- FAIL: stays down -->", "these do not fail: stays down; but recovers"),
        ("", "1 commands, and 0 are told what comes of them"),
        ("<!-- FAIL -->\n<!-- FAIL -->", "1 commands, and 2 are told"),
    ],
)
def test_a_lesson_is_held_to_what_it_says(shop: Workshop, told: str, missing: str) -> None:
    """Its commands end as it says; a command of which it says nothing is told."""
    text = TOLD.replace("<!-- FAIL: recovers -->", told)
    (shop.write() / "README.md").write_text(text)
    (item,) = lesson.items(Bench(catalogue.find("small")))
    assert item.missing.startswith(missing)
    assert item.holds == (not missing)


def test_a_command_of_the_lesson_that_is_refused_is_told(shop: Workshop) -> None:
    """It names a setting that there is not."""
    (shop.write() / "README.md").write_text(TOLD.replace("front.tries", "front.trials"))
    (item,) = lesson.items(Bench(catalogue.find("small")))
    assert item.missing.startswith("it is refused: --set: ")


def test_a_lab_that_cannot_be_loaded_stops_no_other(small: Bench, shop: Workshop) -> None:
    """What is wrong with it is told."""
    del small
    shop.write("LAB = 1", slug="odd")
    outcome = shop.run("prove", "--jobs", "1")
    assert outcome.code == 1
    assert "1 proven, 1 not" in outcome.out
