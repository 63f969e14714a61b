"""`check --ledger`, `swarm --ledger` and `evidence --ledger`: seeds that failed are run first."""

from pathlib import Path

import pytest

from harness import seed_ledger
from harness.engines.sim.link import SimLink
from harness.seed_ledger import OPEN, SWARM, Row
from harness.swarm.draw import drawn
from harness.swarm.trial import failure
from tests.cli.test_cmd_check import FAILING
from tests.cli.test_track_record import rewrite
from tests.cli.workshop import SMALL, Workshop

GONE = "an older lab had a shorter time limit"


def row(lab: str = "small", seed: int = 7, became: str = GONE, digest: str = "-") -> Row:
    return Row(
        lab=lab,
        seed=seed,
        kind="the fix holds",
        claim="recovers",
        digest=digest,
        day="2026-11-29",
        became=became,
    )


def test_the_ledgers_seeds_come_first(shop: Workshop) -> None:
    """Of the labs that are asked for, each once, and then the others."""
    for slug in ("small", "other"):
        shop.write(slug=slug)
    seed_ledger.write([row(), row(seed=2), row("other", 9)])
    outcome = shop.run("check", "small", "--ledger", "--seeds", "2", "--jobs", "1")
    assert outcome.code == 0
    assert "small: 3 of 3 seeds pass" in outcome.out
    assert outcome.out.endswith("3 passed, 0 failed\n")
    lines = (shop.root / "runs" / "check-sim.jsonl").read_text().splitlines()[1:]
    assert [line.partition('"seed":')[2].partition(",")[0] for line in lines] == ["2", "7", "1"]


def test_a_seed_that_fails_is_written_down_by_the_command_that_is_offered(shop: Workshop) -> None:
    """With what failed, and the digest of the lab as it is; then nothing more is offered."""
    shop.change(FAILING)
    out = shop.run("check", "--seeds", "3-4", "--jobs", "1").out
    (line,) = (line for line in out.splitlines() if line.startswith("write it into the ledger"))
    outcome = shop.run(*line.partition("./lab ")[2].split())
    assert outcome.out == "labs/seed_ledger.tsv: small, seed 3: open; small, seed 4: open\n"
    first, second = seed_ledger.load()
    assert (first.job, second.job) == (("small", 3), ("small", 4))
    assert (first.kind, first.claim, first.became) == ("the fix holds", "recovers", OPEN)
    assert len(first.digest) == 16
    assert "ledger" not in shop.run("check", "--seeds", "3-4", "--jobs", "1").out


def test_an_open_seed_that_passes_is_closed_likewise(shop: Workshop) -> None:
    shop.change(FAILING)
    shop.run("check", "--seeds", "3-3", "--results", str(shop.root / "failed.jsonl"))
    shop.run("evidence", "--ledger", str(shop.root / "failed.jsonl"))
    rewrite(shop, SMALL)
    out = shop.run("check", "--ledger", "--jobs", "1").out
    assert "small, seed 3, is open in the ledger and passes now" in out
    shop.run("evidence", "--ledger", str(shop.root / "runs" / "check-sim.jsonl"))
    (only,) = seed_ledger.load()
    assert only.became.startswith("passes since 20")
    assert "ledger" not in shop.run("check", "--ledger", "--jobs", "1").out


def test_what_fails_again_is_told(shop: Workshop) -> None:
    """With what was thought to have become of it; it is open again once it is written down."""
    shop.change(FAILING)
    seed_ledger.write([row()])
    outcome = shop.run(
        "check", "--ledger", "--jobs", "1", "--results", str(shop.root / "all.jsonl")
    )
    assert outcome.code == 1
    assert f"small, seed 7, is in the ledger ({GONE}) and fails again" in " ".join(
        outcome.out.split()
    )
    shop.run("evidence", "--ledger", str(shop.root / "all.jsonl"))
    assert {one.seed: one.became for one in seed_ledger.load()} == {1: OPEN, 7: OPEN}


def test_a_line_of_a_lab_that_is_gone_is_said_and_stops_nothing(shop: Workshop) -> None:
    shop.write()
    seed_ledger.write([row("older"), row()])
    outcome = shop.run("check", "--ledger", "--jobs", "1")
    assert outcome.code == 0
    said = "chaoslab: labs/seed_ledger.tsv: older, seed 7: there is no such lab any more; remove"
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("small\tx\tk\tc\t-\t2026-11-29\topen", "line 2: write lab, seed, kind, claim"),
        ("small\t1\tk\tc\t-\t2026-11-29", "line 2: give every column a value"),
        ("small\t1\tk\tc\t-\t2026-11-29\topen\tmore", "line 2: write lab, seed, kind, claim"),
        ("small\t1\tk\t\t-\t2026-11-29\topen", "line 2: give every column a value"),
        ("small\t1\tk\tc\tdead\t2026-11-29\topen", "the digest has 16 hex digits"),
        ("small\t1\tk\tc\t-\tyesterday\topen", "the day is like 2026-11-29"),
    ],
)
def test_a_bad_line_is_said_in_a_line(shop: Workshop, line: str, said: str) -> None:
    shop.write()
    seed_ledger.path().write_text("\t".join(seed_ledger.COLUMNS) + f"\n{line}\n")
    outcome = shop.run("check", "--ledger")
    assert outcome.code == 2
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_a_bad_line_hides_no_verdict(shop: Workshop) -> None:
    """A check that does not ask for the ledger is judged as without one."""
    shop.change(FAILING)
    seed_ledger.path().write_text("nonsense\n1\n")
    outcome = shop.run("check", "--jobs", "1")
    assert outcome.code == 1
    assert outcome.out.endswith("0 passed, 1 failed\n")
    assert "line 2: write lab, seed" in outcome.err


@pytest.mark.parametrize("option", [("--permute",), ("--engine", "compose")])
def test_seeds_are_run_as_they_were_found(shop: Workshop, option: tuple[str, ...]) -> None:
    shop.write()
    outcome = shop.run("check", "--ledger", *option)
    assert (outcome.code, len(outcome.err.splitlines())) == (2, 1)
    assert "leave --permute and --engine out" in outcome.err


def test_without_a_ledger_there_is_nothing_first(shop: Workshop) -> None:
    shop.write()
    assert shop.run("check", "--ledger").out.endswith("1 passed, 0 failed\n")


def bad(self: SimLink, name: str) -> None:
    """Take a toxic away without the rest of its removal."""
    self.toxics.pop(name, None)


def test_a_plan_of_the_swarm_is_written_down_and_tried_first(
    shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it fails it ends the swarm; when it holds again, since when is written."""
    shop.write()
    with monkeypatch.context() as broken:
        broken.setattr(SimLink, "remove", bad)
        seed = next(seed for seed in range(60) if failure(drawn(seed)))
        said = shop.run("evidence", "--plan", str(seed)).out
        assert said == f"labs/seed_ledger.tsv: swarm, seed {seed}: open\n"
        again = shop.run(
            *("swarm", "--ledger", "--plans", "1", "--seed", "0"),
            "--jobs",
            "1",
            "--keep",
            str(tmp_path),
        )
        assert again.code == 1
        assert f"seed {seed} fails: " in again.out
        assert f"write it into the ledger: ./lab evidence --plan {seed}" in again.out
    (only,) = seed_ledger.load()
    assert (only.job, only.digest) == ((SWARM, seed), seed_ledger.plan(seed))
    held = shop.run("swarm", "--ledger", "--plans", "1", "--jobs", "1", "--keep", str(tmp_path))
    assert held.code == 0
    assert held.out.startswith("1 plans of the ledger hold\n1 plans from seed 1 on hold")
    shop.run("evidence", "--plan", str(seed))
    assert seed_ledger.load()[0].became.startswith("holds since 20")


def test_a_plan_that_is_another_today_is_said(shop: Workshop, tmp_path: Path) -> None:
    """It proves nothing any more, so it is not run."""
    shop.write()
    seed_ledger.write([row(SWARM, 5, digest="0123456789abcdef")])
    outcome = shop.run("swarm", "--ledger", "--plans", "1", "--jobs", "1", "--keep", str(tmp_path))
    assert outcome.out.startswith("0 plans of the ledger hold")
    assert "swarm, seed 5 draws another plan today" in outcome.err


def test_results_of_containers_are_no_seeds(shop: Workshop, tmp_path: Path) -> None:
    shop.write()
    results = tmp_path / "results.jsonl"
    shop.run("check", "--results", str(results))
    text = results.read_text().replace('"engine": "sim"', '"engine": "compose"')
    results.write_text(text)
    outcome = shop.run("evidence", "--ledger", str(results))
    assert outcome.code == 2
    assert "containers do not repeat by a seed" in outcome.err
