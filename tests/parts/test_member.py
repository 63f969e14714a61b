"""A member of a control plane: its own part, broken on purpose."""

from harness.measures import success_ratio
from harness.measures.gauges import level
from harness.measures.series import increase
from harness.model import Kill, during
from tests.parts.test_control_plane import ran, test_without_a_plane_members_stop_or_go_on

SABOTAGE = {
    "never stops": (
        "holds or self._ctx.settings.without is Without.GO_ON",
        "True",
        "test_without_a_plane_members_stop_or_go_on",
    ),
    "always stops": (
        "holds or self._ctx.settings.without is Without.GO_ON",
        "holds",
        "test_without_a_plane_members_stop_or_go_on",
    ),
    "serves while it loads": (
        'if given["in_service"] and not self._in_service:',
        "if False:",
        "test_who_comes_back_loads_first",
    ),
    "asks as often as ever": (
        "settings.renew_ms if done else settings.again_ms",
        "settings.renew_ms",
        "test_who_gets_no_lease_asks_again_as_often_as_it_is_told",
    ),
}

__all__ = ["test_without_a_plane_members_stop_or_go_on"]


def test_who_comes_back_loads_first() -> None:
    """The longer, the more members there are: four times 500 ms here."""
    quick, slow = (
        ran(during(2, 3, Kill("node-1")), member={"load_ms": load_ms}) for load_ms in (0, 500)
    )
    assert success_ratio(4.2, 5).of(quick) == 1
    assert success_ratio(4.2, 5).of(slow) < 0.8
    assert success_ratio(7, 10).of(slow) == 1


def test_who_gets_no_lease_asks_again_as_often_as_it_is_told() -> None:
    """A plane that comes back meets all of them, as often as each asks."""
    away = during(2, 8, Kill("plane"))
    seldom, often = (ran(away, member={"again_ms": again_ms}) for again_ms in (2000, 100))
    failed = [
        increase("renewals_total", 2, 8, labels='"failed"').of(one) for one in (seldom, often)
    ]
    assert failed[1] > 10 * failed[0] > 0
    assert level("members", 9, 10).of(often) == 4
