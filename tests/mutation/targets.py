"""Which tests answer for which module: the one place that says so.

A module's tests are those of its own name, which take seconds. Tests of whole systems, such as
`tests/services/test_replica.py`, are left out: they find more, and take minutes for each mutant.
"""

from collections.abc import Mapping, Sequence

MEASURES = ("tests/measures",)
CHECKS = ("tests/checks", "tests/test_agreement.py")
CLAIMS = tuple(f"tests/model/test_{name}.py" for name in ("claim_limits", "expect", "validate"))


def services(*names: str) -> tuple[str, ...]:
    """Name the tests of some services or patterns."""
    return tuple(f"tests/services/test_{name}.py" for name in names)


TARGETS: Mapping[str, Sequence[str]] = {
    "harness/checks/agreement.py": ("tests/test_agreement.py", "tests/checks/test_compared.py"),
    "harness/checks/compared.py": ("tests/checks/test_compared.py",),
    "harness/checks/contrast.py": CHECKS,
    "harness/checks/timing.py": ("tests/checks/test_timing.py",),
    "harness/checks/verdict.py": CHECKS,
    "harness/conductor.py": ("tests/test_conductor.py",),
    "harness/measures/calls.py": MEASURES,
    "harness/measures/plots.py": MEASURES,
    "harness/measures/requests.py": MEASURES,
    "harness/measures/series.py": MEASURES,
    "harness/measures/waste.py": MEASURES,
    "harness/measures/windows.py": MEASURES,
    "harness/model/expect.py": CLAIMS,
    "harness/model/validate_claims.py": CLAIMS,
    "labs/consensus/clock_skew/measures.py": ("tests/labs/test_clock_skew_measures.py",),
    "labs/consensus/split_brain/measures.py": ("tests/labs/test_split_brain_measures.py",),
    "services/patterns/balancing.py": services("balancing"),
    "services/patterns/breaker.py": services("breaker"),
    "services/patterns/consumer_group.py": services("consumer_group"),
    "services/patterns/early_expiry.py": services("early_expiry"),
    "services/patterns/election.py": services("election"),
    "services/patterns/hybrid_clock.py": services("hybrid_clock"),
    "services/patterns/lease.py": services("lease"),
    "services/patterns/quorum.py": services("quorum"),
    "services/patterns/replication.py": services("replication"),
    "services/patterns/retry.py": services("retry"),
    "services/patterns/rollout.py": services("rollout"),
    "services/patterns/single_flight.py": services("single_flight"),
    "services/patterns/timeout.py": services("timeout"),
}
