"""Trips: pages and screens that ask across a network, often or for much. Derived.

Sources: Little's law for what a held connection can do; the rest counts what follows what, as in
Grigorik, *High Performance Browser Networking* (2013).
"""

from harness.theory import domain


def held_capacity_rps(*, connections: int, round_trips: int, rtt_s: float, work_s: float) -> float:
    """Pages a second of a pool whose connections are each held by a page, P / (n rtt + work).

    Little's law: distance lowers what a pool can do, though nobody works longer.

    Raises:
        ValueError: a count or time is negative, there is no connection, or a page takes no time.

    """
    domain.count(1, connections=connections)
    domain.count(0, round_trips=round_trips)
    domain.not_negative(rtt_s=rtt_s, work_s=work_s)
    page_s = round_trips * rtt_s + work_s
    domain.require(page_s > 0, "work_s must be above 0 where a page makes no trip")
    return connections / page_s


def screen_s(*, requests: int, connections: int, rtt_s: float, sent_s: float) -> float:
    """Time until all of some alike requests are answered over one link, in seconds.

    A connection asks again when it has its answer, and the link sends one answer after the other,
    `sent_s` each. With enough connections it is never idle, and takes rtt + n s; with fewer, each
    round of requests takes rtt + s, and the last one waits for those of its round before it.

    Raises:
        ValueError: there is no request or no connection, or a time is negative.

    """
    domain.count(1, requests=requests, connections=connections)
    domain.not_negative(rtt_s=rtt_s, sent_s=sent_s)
    if connections * sent_s >= rtt_s + sent_s:
        return rtt_s + requests * sent_s
    rounds, before = divmod(requests - 1, connections)
    return (rounds + 1) * (rtt_s + sent_s) + before * sent_s
