"""What a run says of `--set`: the value that was given, and the lab's own."""

import pytest

from harness import catalogue
from harness.cli.changes import changes


@pytest.mark.parametrize(
    ("slug", "variants", "setting", "said"),
    [
        ("retry-storm", ["naive", "no-retry"], "checkout.tries=2", "2 (in the lab: 4, 1)"),
        ("retry-storm", ["naive"], "load.rate_rps=20", "20 (in the lab: 70)"),
        ("retry-storm", ["naive"], "fault.payments.for_s=1", "1 (in the lab: 3)"),
        ("bulkhead", ["shared"], "load.1.rate_rps=5", "5 (in the lab: 10)"),
        ("retry-budget", ["all-tries", "flaky"], "fault.pause.for_s=2", "2 (in the lab: 1)"),
    ],
)
def test_a_change_is_told_beside_the_labs_own(
    slug: str, variants: list[str], setting: str, said: str
) -> None:
    """Of each variant that has it, once; of one of several loads too."""
    lab = catalogue.find(slug).lab
    (line,) = changes(lab, variants, [setting])
    assert line == f"{setting.partition('=')[0]} is {said}"


def test_a_fault_that_no_chosen_variant_has_is_told() -> None:
    """The variant brings others, so that nothing changes for it."""
    lab = catalogue.find("retry-budget").lab
    (line,) = changes(lab, ["flaky"], ["fault.pause.for_s=2"])
    assert line == "no variant here has fault.pause.for_s"
