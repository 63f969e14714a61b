"""What holds of hosts whatever happens to them: faults that overlap, come and go, in any order."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engines.sim.system import SimSystem
from harness.model import Service
from harness.model.fault import Clock, HostState, System
from harness.recording import Recording
from tests.support import At, conducted, lab, run

DEEDS = (
    "pause", "resume", "kill", "start", "stop", "slow", "fast", "skew", "right", "full", "room",
    "change", "back",
)  # fmt: skip


async def do(system: System, deed: str) -> None:
    match deed:
        case "pause":
            await system.pause("host")
        case "resume":
            await system.resume("host")
        case "kill":
            await system.kill("host")
        case "start":
            await system.start("host")
        case "stop":
            await system.stop("host", 0.2)
        case "slow" | "fast":
            await system.set_cpu("host", 5 if deed == "slow" else 1)
        case "skew" | "right":
            await system.set_clock("host", Clock(skew_s=-30 if deed == "skew" else 0, drift_ppm=0))
        case "full" | "room":
            await system.set_disk_full("host", full=deed == "full")
        case "change" | "back":
            changes = {"service_ms": 90} if deed == "change" else {}
            await system.configure("host", changes)


def stormed(deeds: list[tuple[str, float]]) -> tuple[Recording, dict[str, Any]]:
    """Do things to a busy host, undo all at 6 s, and give what it was like at 8 s."""
    after: dict[str, Any] = {}

    async def act(system: System) -> None:
        assert isinstance(system, SimSystem)
        for deed, at_s in sorted(deeds, key=lambda one: one[1]):
            await system.until(at_s)
            await do(system, deed)
        await system.until(6)
        for deed in ("resume", "start", "fast", "right", "room", "back"):
            await do(system, deed)
        await system.until(8)
        after["state"] = await system.state("host")
        host = system._hosts["host"]  # noqa: SLF001 - its inside is what is looked at
        after["machine"] = host.machine.cpu_factor, host.machine.disk.full, host.machine.changes
        after["clock"] = host.machine.clock
        after["held"] = len(host._process.held), host._process.busy  # noqa: SLF001 - as above

    value = lab(
        Service("front", app="services.relay", calls=("host",), settings={"timeout_ms": 300}),
        Service("host", app="services.worker", settings={"workers": 4}),
        load=At(to="front", times_s=tuple(0.05 * n for n in range(1, 190)), timeout_ms=900),
        duration_s=10,
    )
    return run(value, conducted(act)), after


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(DEEDS), st.sampled_from([1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0])),
        max_size=8,
    )
)
def test_faults_that_are_taken_away_leave_a_host_as_it_was(deeds: list[tuple[str, float]]) -> None:
    """It runs, answers, and is as fast, right and roomy as before; each call has ended once."""
    recording, after = stormed(deeds)
    assert after["state"] is HostState.RUNNING
    assert after["machine"] == (1.0, False, {})
    assert after["clock"] == Clock(skew_s=0, drift_ppm=0)
    assert after["held"] == (0, False)
    assert all(request.good for request in recording.requests if request.intended_s > 7.5)
    spans = Counter((span.trace, span.span, span.kind) for span in recording.spans)
    assert set(spans.values()) == {1}
    assert all(span.start_s <= span.end_s for span in recording.spans)
    assert stormed(deeds)[0].digest() == recording.digest()
