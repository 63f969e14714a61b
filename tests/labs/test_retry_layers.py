"""The layers' lab, broken on purpose: what multiplies is that each layer knows of no other."""

from dataclasses import replace

import pytest

from harness import catalogue
from tests.labs.otherwise import failed

LAB = catalogue.find("retry-layers").lab


@pytest.mark.parametrize("layer", ["web", "orders", "stock"])
def test_it_takes_all_three_layers_to_multiply(layer: str) -> None:
    """Wherever one of them tries only once, nine calls are left, and the claim is false."""
    (each,) = (variant for variant in LAB.variants if variant.name == "each")
    tries = {**each.settings, f"{layer}.outgoing.retry.tries": 1}
    others = tuple(variant for variant in LAB.variants if variant is not each)
    once = replace(LAB, variants=(replace(each, settings=tries), *others))
    assert "multiplies the calls" in failed(LAB, "each", runs=once)
