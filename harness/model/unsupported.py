"""What a lab cannot say yet: refused by its name, with the fault that comes nearest."""

import re
from typing import NoReturn

from harness.errors import LabError

WAYS = {
    r"loss|lossy|lose|packet|drop(?!down)": (
        "packet loss: links are TCP, which sends again what is lost, so that callers see delay;"
        " use Latency(link, latency_ms=200, jitter_ms=200), or Unanswered and Timeout for silence"
    ),
    r"reorder|outoforder": (
        "reordering: TCP puts bytes in order again; Latency with jitter_ms reorders the answers of"
        " different connections, ./lab check --permute what happens at one instant"
    ),
    r"duplicat": (
        "duplication: TCP drops what arrives twice; let a caller retry after a Timeout, and the"
        " same request arrives twice"
    ),
    r"corrupt|bitflip|garble": (
        "corruption: TCP's checksums turn it into loss; let a service answer with wrong content"
    ),
    r"dns|resolver|nxdomain|stalename|staleaddress": (
        "DNS: names lead where they lead for the whole run, without a TTL; for a name that leads"
        " nowhere use Down(link), for a stale address a Configure that changes whom a service calls"
    ),
    r"tls|ssl|certificate|handshake": (
        "TLS: links carry plain TCP; for an expired certificate use RefuseNew(link), for slow"
        " handshakes ctx.work(ms) where a connection is made"
    ),
    r"udp|datagram|quic|multicast|gossip": (
        "UDP: links carry TCP; send each message as a request with a short time limit"
    ),
    r"replica|sentinel|rediscluster|failover": (
        "replication of a store: Redis runs alone; write the replicas as services of the lab, as"
        " split-brain does"
    ),
}
"""What is meant, as a pattern of names, and what to do instead."""


def refuse(name: str) -> NoReturn:
    """Refuse a name that a lab has asked the model for.

    Raises:
        LabError: it is of a kind that is known, and cannot be said.
        AttributeError: it is any other name.

    """
    plain = name.replace("_", "").lower()
    for pattern, way in WAYS.items():
        if re.search(pattern, plain):
            raise LabError(f"{name} is not there: a lab cannot say {way}")
    raise AttributeError(f"module 'harness.model' has no attribute {name!r}")
