"""Push: long polls that are drawn one by one."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import push


def test_without_messages_a_client_asks_once_in_each_wait() -> None:
    """As polls do that come as often: 1,000 clients and 4 s are 250 requests a second."""
    assert push.long_poll_rps(clients=1000, wait_s=4, news_rps=0) == 250


@pytest.mark.parametrize("news_rps", [1, 8, 100])
def test_messages_cost_requests_of_their_own(news_rps: float) -> None:
    """As in waits that are drawn, each until a message or the end."""
    rng, clients, wait_s = random.Random(1), 160, 8
    waits_s = [min(wait_s, rng.expovariate(news_rps / clients)) for _ in range(50_000)]
    figure = push.long_poll_rps(clients=clients, wait_s=wait_s, news_rps=news_rps)
    assert figure == pytest.approx(clients * len(waits_s) / sum(waits_s), rel=0.02)


@given(st.integers(1, 1000), st.floats(0.1, 100), st.floats(0, 1000))
def test_it_is_never_below_either_reason(clients: int, wait_s: float, news_rps: float) -> None:
    """The waits that end, and the messages that come; and not above both together."""
    figure = push.long_poll_rps(clients=clients, wait_s=wait_s, news_rps=news_rps)
    assert figure >= max(clients / wait_s, news_rps) * (1 - 1e-9)
    assert figure <= (clients / wait_s + news_rps) * (1 + 1e-9)
