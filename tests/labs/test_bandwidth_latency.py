"""Batches and packing, broken on purpose: each time the verdict turns."""

from dataclasses import replace

from harness import catalogue
from harness.model import Distance
from labs.traffic.bandwidth_latency.predictions import FAST_KBPS, SLOW_KBPS
from tests.labs.otherwise import failed

LAB = catalogue.find("bandwidth-latency").lab


def over(variant: str, rate_kbps: int) -> set[str]:
    """Name what fails when a variant's files go over a link of another width."""
    link = (Distance(("screen",), ("files",), rate_kbps=rate_kbps),)
    changed = tuple(
        replace(one, distances=link) if one.name == variant else one for one in LAB.variants
    )
    return failed(LAB, variant, runs=replace(LAB, variants=changed))


def test_what_packing_does_hangs_on_the_link() -> None:
    """A file that is packed needs no narrow link to be slow, and one that is not needs one."""
    assert over("plain-slow", FAST_KBPS) == {"half a megabyte on a narrow link"}
    assert over("packed-slow", FAST_KBPS) == {"a fifth of it"}
    assert over("packed-fast", SLOW_KBPS) == {"packing takes longer than the way"}
