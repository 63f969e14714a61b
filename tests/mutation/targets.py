"""Which tests answer for which module: the one place that says so.

A module's tests are those of its own name, which take seconds. Tests of whole systems, such as
`tests/services/test_replica.py`, are left out: they find more, and take minutes for each mutant.
"""

from collections.abc import Mapping, Sequence

GUARDS = "tests/services/guards/"
SETTINGS = (f"{GUARDS}test_guard_settings.py", f"{GUARDS}test_guard_counts.py")
MEASURES = ("tests/measures",)
CHECKS = ("tests/checks", "tests/test_agreement.py")
CLAIMS = tuple(f"tests/model/test_{name}.py" for name in ("claim_limits", "expect", "validate"))


def services(*names: str) -> tuple[str, ...]:
    """Name the tests of some services or patterns."""
    return tuple(f"tests/services/test_{name}.py" for name in names)


def parts(name: str) -> tuple[str, ...]:
    """Name the tests of a part that services are made of."""
    return (f"tests/parts/test_{name}.py",)


TARGETS: Mapping[str, Sequence[str]] = {
    "harness/checks/across.py": ("tests/test_comparisons.py",),
    "harness/checks/agreement.py": ("tests/test_agreement.py", "tests/checks/test_compared.py"),
    "harness/checks/compared.py": ("tests/checks/test_compared.py",),
    "harness/checks/contrast.py": CHECKS,
    "harness/checks/timing.py": ("tests/checks/test_timing.py",),
    "harness/checks/verdict.py": CHECKS,
    "harness/conductor.py": ("tests/test_conductor.py",),
    "harness/measures/calls.py": MEASURES,
    "harness/measures/cost.py": MEASURES,
    "harness/measures/crowds.py": MEASURES,
    "harness/measures/effects.py": MEASURES,
    "harness/measures/gauges.py": MEASURES,
    "harness/measures/outcomes.py": MEASURES,
    "harness/measures/plots.py": MEASURES,
    "harness/measures/requests.py": MEASURES,
    "harness/measures/series.py": MEASURES,
    "harness/measures/shares.py": MEASURES,
    "harness/measures/staleness.py": MEASURES,
    "harness/measures/waste.py": MEASURES,
    "harness/measures/windows.py": MEASURES,
    "harness/measures/work.py": MEASURES,
    "harness/model/expect.py": CLAIMS,
    "harness/model/validate_claims.py": (*CLAIMS, "tests/test_comparisons.py"),
    "labs/cascades/feedback_oscillation/measures.py": (
        "tests/labs/test_feedback_oscillation_measures.py",
    ),
    "labs/cascades/percolation/measures.py": ("tests/labs/test_percolation_measures.py",),
    "labs/cascades/phase_transition/measures.py": ("tests/labs/test_phase_transition_measures.py",),
    "labs/cascades/thundering_herd/measures.py": ("tests/labs/test_thundering_herd_measures.py",),
    "labs/consensus/clock_skew/measures.py": ("tests/labs/test_clock_skew_measures.py",),
    "labs/consensus/split_brain/measures.py": ("tests/labs/test_split_brain_measures.py",),
    "labs/resilience/backpressure/measures.py": ("tests/labs/test_backpressure_measures.py",),
    "labs/resilience/backoff_jitter/measures.py": ("tests/labs/test_backoff_jitter_measures.py",),
    "labs/traffic/api_styles/measures.py": ("tests/labs/test_api_styles_measures.py",),
    "labs/traffic/connection_pools/measures.py": ("tests/labs/test_connection_pools_measures.py",),
    "labs/traffic/consistent_hashing/measures.py": (
        "tests/labs/test_consistent_hashing_measures.py",
    ),
    "labs/resilience/outlier_ejection/measures.py": (
        "tests/labs/test_outlier_ejection_measures.py",
    ),
    "labs/traffic/geo_routing/measures.py": ("tests/labs/test_geo_routing_measures.py",),
    "labs/traffic/realtime_push/measures.py": ("tests/labs/test_realtime_push_measures.py",),
    "labs/traffic/selfish_routing/measures.py": ("tests/labs/test_selfish_routing_measures.py",),
    "labs/traffic/universal_scalability/measures.py": (
        "tests/labs/test_universal_scalability_measures.py",
    ),
    "labs/resilience/idempotency/measures.py": ("tests/labs/test_idempotency_measures.py",),
    "services/patterns/adaptive_limit.py": (f"{GUARDS}test_adaptive_limits.py", *SETTINGS),
    "services/patterns/alerting.py": parts("alerting"),
    "services/patterns/balancing.py": services("balancing"),
    "services/patterns/breaker.py": (
        *services("breaker"),
        f"{GUARDS}test_circuit_breakers.py",
        *SETTINGS,
    ),
    "services/patterns/bulkhead.py": (f"{GUARDS}test_bulkheads.py", *SETTINGS),
    "services/patterns/caching.py": (f"{GUARDS}test_caches.py", *SETTINGS),
    "services/patterns/cells.py": parts("cells"),
    "services/patterns/consumer_group.py": services("consumer_group"),
    "services/patterns/deadline.py": (f"{GUARDS}test_deadlines.py", *SETTINGS),
    "services/patterns/early_expiry.py": services("early_expiry"),
    "services/patterns/election.py": services("election"),
    "services/patterns/fallback.py": (f"{GUARDS}test_fallbacks.py", *SETTINGS),
    "services/patterns/guards.py": (
        f"{GUARDS}test_answers.py",
        f"{GUARDS}test_recent.py",
        f"{GUARDS}test_guard_counts.py",
        f"{GUARDS}test_bulkheads.py",
        f"{GUARDS}test_throttles.py",
    ),
    "services/patterns/hedging.py": (f"{GUARDS}test_hedges.py", *SETTINGS),
    "services/patterns/hybrid_clock.py": services("hybrid_clock"),
    "services/patterns/lease.py": services("lease"),
    "services/patterns/limiting.py": (
        f"{GUARDS}test_limiters.py",
        f"{GUARDS}test_shared_limits.py",
        *SETTINGS,
    ),
    "services/patterns/line.py": parts("line"),
    "services/patterns/locks.py": parts("locks"),
    "services/patterns/name_cache.py": (*parts("resolver"), *services("name_cache")),
    "services/patterns/quorum.py": services("quorum"),
    "services/patterns/replication.py": services("replication"),
    "services/patterns/retry.py": (*services("retry"), f"{GUARDS}test_retrying.py", *SETTINGS),
    "services/patterns/ring.py": parts("placing"),
    "services/patterns/rollout.py": services("rollout"),
    "services/patterns/shedding.py": (f"{GUARDS}test_shedders.py", *SETTINGS),
    "services/patterns/single_flight.py": (
        *services("single_flight"),
        f"{GUARDS}test_flights.py",
        *SETTINGS,
    ),
    "services/patterns/throttling.py": (f"{GUARDS}test_throttles.py", *SETTINGS),
    "services/patterns/tied.py": (f"{GUARDS}test_ties.py", *SETTINGS),
    "services/patterns/timeout.py": services("timeout"),
    "services/patterns/tokens.py": parts("tokens"),
    "services/patterns/versions.py": parts("versions"),
}


def sim(*names: str) -> tuple[str, ...]:
    """Name tests of the simulator."""
    return tuple(f"tests/engines/sim/test_{name}.py" for name in names)


PLANS = "tests/swarm/test_plans.py::test_plans_hold[0]"
"""Some plans of the swarm: they look at the whole of the kernel, and stand last."""

WIRE = (*sim("streams", "back_pressure", "invariants", "gaps_loop", "closed_connections"), PLANS)
TOXICS = (*sim("slices", "invariants"), "tests/conformance/test_changes.py", *WIRE[:2], PLANS)
HOSTS = sim("hosts", "host_faults", "exits", "crashes", "starts", "host_invariants", "gaps_hosts")
LOOP = sim("loop", "gaps_loop", "stuck", "spin", "work", "order_and_events", "own_process")

KERNEL: Mapping[str, Sequence[str]] = {
    "harness/engines/sim/backlog.py": (*sim("backlog", "streams"), PLANS),
    "harness/engines/sim/connector.py": (
        *sim("client", "closed_connections", "engine"),
        "tests/behaviour/test_http_connections.py",
        PLANS,
    ),
    "harness/engines/sim/endpoint.py": (
        *WIRE,
        "tests/behaviour/test_transports.py",
        "tests/behaviour/test_contract.py",
    ),
    "harness/engines/sim/endings.py": (
        *sim("own_process", "gaps_loop", "loop", "stuck", "spin", "exits", "doubt"),
        PLANS,
    ),
    "harness/engines/sim/failures.py": sim("crashes", "left_behind", "gaps_loop"),
    "harness/engines/sim/handles.py": (*sim("loop", "gaps_loop"), PLANS),
    "harness/engines/sim/hosts.py": (*HOSTS, PLANS),
    "harness/engines/sim/invariants.py": sim("invariants", "host_invariants"),
    "harness/engines/sim/leftovers.py": sim("invariants", "leftovers"),
    "harness/engines/sim/link.py": (
        *sim("streams", "partitions", "gaps_loop", "order_and_events"),
        PLANS,
    ),
    "harness/engines/sim/loop.py": (*LOOP, *sim("doubt"), PLANS),
    "harness/engines/sim/machine.py": (*sim("work", "host_faults", "exits"), PLANS),
    "harness/engines/sim/network.py": (*sim("streams", "replicas", "hosts", "gaps_loop"), PLANS),
    "harness/engines/sim/notes.py": sim("crashes", "exits", "doubt"),
    "harness/engines/sim/order.py": sim("order_and_events", "pieces"),
    "harness/engines/sim/own_settings.py": sim("own_process"),
    "harness/engines/sim/own_tasks.py": (
        *sim("tasks", "own_process", "loop", "crashes", "stuck"),
        PLANS,
    ),
    "harness/engines/sim/pipe.py": (
        *WIRE,
        *sim("ends_by_change"),
        "tests/conformance/test_changes.py",
    ),
    "harness/engines/sim/process.py": (*sim("host_faults", "hosts"), PLANS),
    "harness/engines/sim/sampler.py": sim("sampler"),
    "harness/engines/sim/stub.py": TOXICS,
    "harness/engines/sim/system.py": (*sim("hosts", "host_faults", "partitions"), PLANS),
    "harness/engines/sim/tasks.py": (*sim("tasks", "own_process"), PLANS),
    "harness/engines/sim/toxics.py": TOXICS,
}
"""The same for the simulator's kernel, without what stands in for libraries and Redis."""
