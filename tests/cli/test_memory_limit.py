"""A load that does not fit into memory is refused, with the figures, before anything runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.cli import memory_limit
from harness.errors import LabError
from harness.model import Fixed, Lab, Paced, Service
from tests.cli.workshop import Workshop

GIB = 1024**3


def _lab(rate_rps: float) -> Lab:
    return Lab(
        title="A lab",
        question="Does it fit?",
        services=(Service("front", app="services.worker"),),
        load=Paced(rate_rps=rate_rps, to="front", timeout_ms=500),
        duration_s=5,
        faults=(),
        variants=(Fixed("only"),),
        expect=(),
    )


def test_a_load_beyond_the_machine_is_refused_before_it_runs(shop: Workshop) -> None:
    """One line has the rate, the memory it takes, what is free, and a rate that fits."""
    shop.write()
    outcome = shop.run("run", "small", "--engine", "sim", "--set", "load.rate_rps=1e9")
    assert outcome.code == 2
    said = outcome.complaint
    assert said.startswith("the load is too much for this machine: at 1 x 10^9 requests a second")
    assert "GiB of memory" in said
    assert "GiB are free. Set load.rate_rps to " in said
    assert shop.kept() == []


def test_what_is_free_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same load passes where there is room: 2.44 GiB for what waits, 0.19 for the rest."""
    lab = _lab(rate_rps=40_000)
    monkeypatch.setattr(memory_limit, "free_bytes", lambda: 4 * GIB)
    memory_limit.refuse_too_much(lab, 1)
    with pytest.raises(LabError, match=r"about 5\.26 GiB of memory, 2 runs in parallel, and 4 GiB"):
        memory_limit.refuse_too_much(lab, 2)
    monkeypatch.setattr(memory_limit, "free_bytes", lambda: GIB)
    with pytest.raises(
        LabError, match=r"20,000 may wait at one time, of 200,000 in all.* to 10,000 or less"
    ):
        memory_limit.refuse_too_much(lab, 1)


def test_short_patience_does_not_make_room_for_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that have ended take memory too, however soon they end."""
    monkeypatch.setattr(memory_limit, "free_bytes", lambda: 4 * GIB)
    lab = _lab(rate_rps=1e6)
    hasty = replace(lab, load=replace(lab.load, timeout_ms=0.1))
    with pytest.raises(LabError, match="100 may wait at one time, of 5,000,000 in all"):
        memory_limit.refuse_too_much(hasty, 1)


def test_a_machine_that_says_nothing_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a figure there is no reason."""
    monkeypatch.setattr(memory_limit, "free_bytes", lambda: None)
    memory_limit.refuse_too_much(_lab(rate_rps=1e9), 1000)


def test_the_smallest_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine has free, or what a container may still take; `max` is no limit."""
    meminfo, limit, used = (tmp_path / name for name in ("meminfo", "max", "current"))
    monkeypatch.setattr(memory_limit, "MEMINFO", meminfo)
    monkeypatch.setattr(memory_limit, "CGROUPS", ((limit, used),))
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:    2048 kB\n")
    assert memory_limit.free_bytes() == 2048 * 1024
    limit.write_text("max\n")
    used.write_text("5\n")
    assert memory_limit.free_bytes() == 2048 * 1024
    limit.write_text("1005\n")
    assert memory_limit.free_bytes() == 1000
    used.write_text("2000\n")
    assert memory_limit.free_bytes() == 0


def test_where_nothing_tells_what_is_free_all_memory_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS, which has no such file."""
    monkeypatch.setattr(memory_limit, "MEMINFO", tmp_path / "none")
    monkeypatch.setattr(memory_limit, "CGROUPS", ())
    free = memory_limit.free_bytes()
    assert free is not None
    assert free > GIB / 8
