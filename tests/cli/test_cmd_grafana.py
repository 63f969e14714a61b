"""`--grafana` and `./lab grafana`: what is refused, and when."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import ImageNotFound

from harness.cli import cmd_run
from harness.engines.compose import look
from tests.cli.workshop import Workshop

PULL = "no image of Grafana: run docker pull grafana/grafana:12.3.1"
KEEPS = "./lab run small --engine compose --keep-prometheus keeps it"


@pytest.fixture
def without_grafana(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an engine answer that has the project's images and not Grafana's."""

    def get(name: str) -> None:
        raise ImageNotFound(name)

    @contextmanager
    def engine() -> Iterator[Any]:
        yield SimpleNamespace(images=SimpleNamespace(get=get))

    monkeypatch.setattr(look, "engine", engine)
    monkeypatch.setattr(look, "missing", lambda _: [])
    monkeypatch.setattr(look, "is_here", lambda _: True)
    monkeypatch.setattr(cmd_run, "why_not", lambda: None)


@pytest.mark.usefixtures("without_grafana")
@pytest.mark.parametrize("engine", [(), ("--engine", "compose"), ("--engine", "both")])
def test_without_the_image_nothing_is_run(shop: Workshop, engine: tuple[str, ...]) -> None:
    """The line says how to get it, before minutes have gone into a run."""
    shop.write()
    outcome = shop.run("run", "small", "--grafana", *engine)
    assert (outcome.code, outcome.out, outcome.complaint) == (2, "", PULL)
    assert shop.kept() == []


@pytest.mark.usefixtures("without_grafana")
def test_on_an_engine_elsewhere_grafana_is_refused_before_the_run(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its port would be on that machine; the line says so and names the engine."""
    monkeypatch.setattr(look, "is_here", lambda _: False)
    shop.write()
    outcome = shop.run("run", "small", "--grafana")
    assert outcome.complaint.startswith("Grafana cannot be opened on tcp://127.0.0.1:1 ")
    assert shop.kept() == []


@pytest.mark.parametrize("engine", [(), ("--engine", "compose")])
def test_without_an_engine_nothing_is_run(shop: Workshop, engine: tuple[str, ...]) -> None:
    """Whoever asks for Grafana is not left with a simulation alone."""
    shop.write()
    outcome = shop.run("run", "small", "--grafana", *engine)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint.startswith("no Docker engine answers")
    assert shop.kept() == []


def test_a_simulation_has_no_prometheus(shop: Workshop) -> None:
    """Its series are in its folder, and in no Prometheus."""
    shop.write()
    outcome = shop.run("run", "small", "--grafana", "--engine", "sim")
    said = "--grafana needs containers. Remove --engine sim."
    assert (outcome.out, outcome.complaint) == ("", said)


def test_a_lab_of_which_nothing_is_kept(shop: Workshop) -> None:
    """The line says what keeps it, be there runs or none."""
    shop.write()
    said = f"no run of small has kept Prometheus' data; {KEEPS}"
    assert shop.run("grafana", "small").complaint == said
    shop.run("run", "small", "--engine", "sim", "--no-report")
    assert shop.run("grafana", "small").complaint == said


def test_a_run_that_has_kept_nothing(shop: Workshop) -> None:
    """It is named."""
    shop.write()
    shop.run("run", "small", "--engine", "sim", "--no-report")
    (run,) = (path.name for path in (shop.runs / "small").iterdir())
    outcome = shop.run("grafana", "small", "--run", run)
    assert outcome.complaint == f"run {run} of small has no Prometheus' data; {KEEPS}"
    outcome = shop.run("grafana", "small", "--run", f"{run}x")
    said = f"no run '{run}x' of small (did you mean {run}?); ls runs/small shows them"
    assert outcome.complaint == said


@pytest.mark.usefixtures("without_grafana")
def test_an_older_run_needs_the_image_too(shop: Workshop) -> None:
    """What is kept stays as it is."""
    shop.write()
    run = shop.runs / "small" / "2026-01-01T00-00-00"
    (run / "prometheus" / "naive" / "tsdb").mkdir(parents=True)
    (run / "logs" / "naive").mkdir(parents=True)
    (run / "logs" / "naive" / "load.log").write_text('{"event": "start", "t0": 100}\n')
    (run / "run.json").write_text("{}")
    outcome = shop.run("grafana", "small")
    assert (outcome.code, outcome.out, outcome.complaint) == (2, "", PULL)
