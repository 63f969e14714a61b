"""Push: what it costs to be told of what is new. Derived.

Source: the renewal theorem, of a wait that ends with a message or after a while.
"""

import math

from harness.theory import domain


def long_poll_rps(*, clients: int, wait_s: float, news_rps: float) -> float:
    """Rate of requests of clients that always have one open, n / E(min(W, message)), per second.

    A wait ends after `wait_s`, or when one of `news_rps` messages is this client's, which come as a
    Poisson process and to all alike. Without messages n / W: then it is also what polls cost that
    come every `wait_s`. With many messages it is their rate.

    Raises:
        ValueError: there is no client, `wait_s` not above 0, or `news_rps` negative.

    """
    domain.count(1, clients=clients)
    domain.positive(wait_s=wait_s)
    domain.not_negative(news_rps=news_rps)
    own_rps = news_rps / clients
    # Divided as below, what is nearly 0 would be 0 / 0.
    mean_wait_s = -math.expm1(-own_rps * wait_s) / own_rps if own_rps else wait_s
    return clients / mean_wait_s
