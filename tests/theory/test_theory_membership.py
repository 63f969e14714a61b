"""Membership: published figures, and rumours that are spread node by node."""

import random
from statistics import NormalDist, fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import membership


def rounds(rng: random.Random, nodes: int) -> int:
    know, count = {0}, 0
    while len(know) < nodes:
        know |= {rng.choice([other for other in range(nodes) if other != one]) for one in know}
        count += 1
    return count


@pytest.mark.parametrize(("nodes", "figure"), [(16, 6.8), (32, 8.5), (64, 10.2), (100, 11.3)])
def test_gossip(nodes: int, figure: float) -> None:
    """Runs take half a round to one and a half more than the formula."""
    assert membership.gossip_rounds(nodes=nodes) == pytest.approx(figure, abs=0.06)
    rng = random.Random(1)
    seen = fmean(rounds(rng, nodes) for _ in range(60))
    assert 0 < seen - figure < 2


@pytest.mark.parametrize(("interest", "residue"), [(1, 0.203), (2, 0.060), (3, 0.020), (4, 0.007)])
def test_rumours_miss_some(interest: int, residue: float) -> None:
    """The equation's solutions."""
    figure = membership.rumour_residue(interest=interest)
    assert figure == pytest.approx(residue, abs=6e-4)


def missed(rng: random.Random, nodes: int, interest: int) -> float:
    know, spreading = {0}, [0]
    while spreading:
        rng.shuffle(spreading)
        for node in list(spreading):
            other = rng.randrange(nodes)
            if other not in know:
                know.add(other)
                spreading.append(other)
            elif rng.random() < 1 / interest:
                spreading.remove(node)
    return 1 - len(know) / nodes


@pytest.mark.parametrize(("interest", "within"), [(1, 0.03), (2, 0.015)])
def test_rumours_that_are_spread(interest: int, within: float) -> None:
    """300 nodes, 40 times: as many are missed as the equation says."""
    rng = random.Random(2)
    seen = fmean(missed(rng, 300, interest) for _ in range(40))
    assert seen == pytest.approx(membership.rumour_residue(interest=interest), abs=within)


@pytest.mark.parametrize(("phi", "silence_s"), [(1, 1.13), (3, 1.31), (8, 1.56)])
def test_suspicion_grows_with_silence(phi: float, silence_s: float) -> None:
    """Heartbeats of 1 s, within 0.1 s."""
    delay_s = membership.phi_normal_delay_s(phi=phi, mean_s=1, sd_s=0.1)
    assert delay_s == pytest.approx(silence_s, abs=5e-3)


@given(st.floats(0.5, 14))
def test_phi_and_its_delay_are_each_others_inverse(phi: float) -> None:
    """Within what the normal distribution's tail allows."""
    delay_s = membership.phi_normal_delay_s(phi=phi, mean_s=1, sd_s=0.1)
    assert membership.phi_normal(elapsed_s=delay_s, mean_s=1, sd_s=0.1) == pytest.approx(
        phi, rel=1e-3
    )


def test_phi_is_the_false_alarms_logarithm() -> None:
    """At phi = 1 one beat of ten is later; a very long silence does not overflow."""
    elapsed_s = 1 + 0.1 * NormalDist().inv_cdf(0.9)
    assert membership.phi_normal(elapsed_s=elapsed_s, mean_s=1, sd_s=0.1) == pytest.approx(1)
    assert membership.phi_normal(elapsed_s=1e6, mean_s=1, sd_s=0.1) == pytest.approx(300)
    assert membership.phi_normal_delay_s(phi=15, mean_s=1, sd_s=0.1) < 2
    with pytest.raises(ValueError, match="phi must be at most 15, not 16"):
        membership.phi_normal_delay_s(phi=16, mean_s=1, sd_s=0.1)


def test_cassandras_default() -> None:
    """Eight is 18.4 mean gaps."""
    assert membership.phi_exponential_delay_s(phi=8, mean_s=1) == pytest.approx(18.4, abs=0.03)


@pytest.mark.parametrize(
    ("period_s", "bad_probes", "fail_s", "mean_s"),
    [(0.5, 3, 0, 1.25), (10, 3, 0, 25), (10, 3, 1, 28), (1, 1, 0, 0.5)],
)
def test_probes_notice_a_death(
    period_s: float, bad_probes: int, fail_s: float, mean_s: float
) -> None:
    """As when somebody dies at any moment between two probes; Kubernetes' defaults take 25 s."""
    figure = membership.probes_detection_s(period_s=period_s, bad_probes=bad_probes, fail_s=fail_s)
    assert figure == pytest.approx(mean_s)
    rng = random.Random(1)

    def unnoticed_s() -> float:
        now_s = rng.random() * period_s
        for bad in range(1, bad_probes + 1):
            now_s += fail_s
            if bad < bad_probes:
                now_s += period_s
        return now_s

    assert fmean(unnoticed_s() for _ in range(20_000)) == pytest.approx(mean_s, rel=0.02)
