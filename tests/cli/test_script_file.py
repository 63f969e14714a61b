"""`./lab run NAME --script FILE`: lab, seed and script, replayed to the byte."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness import catalogue
from harness.conductor import conducted
from harness.engines.protocol import Plan
from harness.engines.sim.session import SimSession
from harness.model import Pause
from harness.model.experiment import Experiment, experiment_from_json
from harness.model.operations import Heal, Inject, Pace, Set
from tests.cli.workshop import Outcome, Workshop
from tests.support import Silent

PAUSE = {"kind": "Pause", "target": "back"}
STORM = [
    {"at_s": 1, "do": "inject", "fault": PAUSE},
    {"at_s": 2, "do": "heal", "fault": 1},
]


def scripted(shop: Workshop, document: object, *arguments: str) -> Outcome:
    file = shop.root / "own.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    words = ("run", "small", "--no-report", "--no-predict", "--script", str(file), *arguments)
    return shop.run(*words)


def found(outcome: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(outcome.out)
    return document


def digests(outcome: Outcome) -> dict[str, str]:
    return {one["variant"]: one["digest"] for one in found(outcome)["recordings"]}


def test_a_labs_own_fault_as_a_script_passes(shop: Workshop) -> None:
    """Variants do as they do in the lab; no container is asked for, and none is missed."""
    shop.write()
    outcome = scripted(shop, {"script": STORM})
    assert (outcome.code, outcome.err) == (0, "")
    assert "▼" in outcome.out
    assert "back frozen, 1-2 s" in outcome.out
    assert "PASS  2 of 2 claims hold" in outcome.out


def test_what_a_person_did_is_what_the_script_does(shop: Workshop) -> None:
    """The digest of a session under way is that of the file that it exports."""
    shop.write()
    lab = catalogue.find("small").lab
    own = Experiment(lab="small", variant="calm", seed=7, permute=3, duration_s=6).of(lab)
    plan = Plan(slug="small", lab=own, variant=own.variant("calm"), seed=7)
    with SimSession(plan, conducted(own), Silent(), permute=3) as session:
        for at_s, act in (
            (0.7, Inject(Pause("back"))),
            (1.9, Heal(1)),
            (2.3, Set("back.service_ms", 30)),
            (4.1, Pace(3)),
        ):
            session.advance(at_s)
            session.act(act)
        script = session.script()
        digest = session.finish().digest()
    made = Experiment(
        lab="small", variant="calm", seed=7, permute=3, duration_s=6, script=script
    ).to_json()
    outcome = scripted(shop, made, "--json")
    assert digests(outcome) == {"calm": digest}
    (when,) = shop.kept()
    kept = json.loads((shop.runs / when / "script.json").read_text())
    assert kept == made
    assert experiment_from_json(kept).to_json() == made


def test_what_the_command_line_says_goes_before_what_the_file_says(shop: Workshop) -> None:
    """Variant and seed; the file's settings come with those that are given beside it."""
    shop.write()
    file = {"variant": "calm", "seed": 5, "settings": {"front.tries": 2}, "script": STORM}
    by_file = scripted(shop, file, "--json")
    by_hand = scripted(shop, file, "--json", "--seed", "6", "--variant", "naive")
    assert found(by_file)["seed"] == 5
    assert [*digests(by_file)] == ["calm"]
    assert found(by_hand)["seed"] == 6
    assert [*digests(by_hand)] == ["naive"]
    same = scripted(shop, {"script": STORM}, "--json", "--set", "front.tries=2", "--seed", "5",
                    "--variant", "calm")  # fmt: skip
    assert digests(same) == digests(by_file)


def test_the_labs_own_faults_come_beside_the_script_if_it_says_so(shop: Workshop) -> None:
    """In their places they are gone; a script of nothing is then a lab with no fault."""
    shop.write()
    calm = scripted(shop, {"script": [], "variant": "calm"}, "--json")
    own = scripted(shop, {"script": [], "variant": "calm", "faults": "lab"}, "--json")
    plain = shop.run(
        "run", "small", "--no-report", "--engine", "sim", "--json", "--variant", "calm"
    )
    assert digests(own) == digests(plain)
    assert digests(calm) != digests(plain)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("[", "it is not JSON: Expecting value"),
        ("[" * 100_000, "it is not JSON"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin1"), "it is not JSON"),
        ('{"script": [{"at_s": NaN, "do": "heal all"}]}', "it is not JSON: NaN is no number"),
        ([], r"experiment: expected an object, got \[\]"),
        ({}, "experiment: script is missing"),
        ({"scripts": []}, r"no field 'scripts' \(did you mean script\?\); its fields are lab"),
        ({"seed": -1, "script": []}, "experiment: seed is -1; it must be 0 or more"),
        ({"seed": True, "script": []}, "experiment: seed is True; it must be a whole number"),
        ({"duration_s": 0, "script": []}, "duration_s is 0; it must be above 0"),
        ({"duration_s": 1e6, "script": []}, r"duration_s is 1e\+06; it must be above 0, and at"),
        ({"faults": "all", "script": []}, "faults is 'all'; it may be none, lab"),
        ({"lab": "large", "script": []}, "it is of 'large'; run ./lab run large --script"),
        ({"variant": "none", "script": []}, "no variant 'none'"),
        ({"settings": {"front.x": 1}, "script": []}, "--set: .*front: no setting 'x'"),
        ({"settings": {"fault.for_s": 2}, "script": []}, 'write "faults": "lab" in it'),
        ({"script": [*STORM, {"at_s": 5, "do": "heal all"}]}, "entry 3: at_s is 5, but the run la"),
        ({"script": STORM[1:]}, r"script, entry 1 \(heal at 2 s\): no fault 1 is under way"),
        ({"script": [STORM[0], STORM[0]]}, r"entry 2 \(inject at 1 s\): pause back: overlaps"),
    ],
)
def test_a_file_that_is_wrong_is_told_in_one_line(
    shop: Workshop, document: object, why: str
) -> None:
    """Whatever is wrong with it; no run is kept."""
    shop.write()
    outcome = scripted(shop, document)
    assert outcome.code == 2
    complaint = outcome.err.splitlines()[-1]
    assert complaint.startswith("chaoslab: ")
    assert re.search(why, complaint), complaint
    assert shop.kept() == []


def test_a_file_that_is_not_there_is_told(shop: Workshop, tmp_path: Path) -> None:
    """As the system says it; a folder is none either."""
    shop.write()
    for path, why in ((tmp_path / "none", "no such file"), (tmp_path, "is a directory")):
        outcome = shop.run("run", "small", "--script", str(path))
        assert (outcome.code, why in outcome.complaint) == (2, True)


@pytest.mark.parametrize("words", [("--engine", "compose"), ("--engine", "both"), ("--grafana",)])
def test_no_script_runs_on_containers(shop: Workshop, words: tuple[str, ...]) -> None:
    """They are refused before anything begins."""
    shop.write()
    outcome = scripted(shop, {"script": STORM}, *words)
    assert outcome.code == 2
    assert "only work in the simulation" in outcome.complaint or "needs containers" in outcome.err


def test_what_is_never_taken_away_is_drawn_to_the_end(shop: Workshop) -> None:
    """A setting that stays has no end, and its report is drawn all the same."""
    shop.write()
    stays = {"at_s": 3, "do": "set", "name": "back.service_ms", "value": 21}
    file = shop.root / "own.json"
    file.write_text(json.dumps({"script": [*STORM, stays]}))
    outcome = shop.run("run", "small", "--no-predict", "--script", str(file))
    assert outcome.err == ""
    (report,) = shop.runs.glob("small/*/report.html")
    assert "NaN" not in report.read_text()
