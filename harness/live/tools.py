"""The console's tools: each is this page with a lab, two variants of it, and what is to be seen.

They are values that a page is told; it knows none of them by name.
"""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from harness.live.workbench import SANDBOX


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What is opened: a lab with variants and its own faults, at a moment, with parts of the page.

    `shows` names parts that are opened beside the run, which then goes on by `then_s`. `pick` is a
    host whose faults are at hand, `turns` are settings that come first, as `host.setting` or, for
    all replicas, `service.setting`; `asks` is what to try first. A tool that `makes` begins with a
    form, of which its lab is made.
    """

    name: str
    title: str
    said: str
    asks: str
    lab: str = ""
    variants: tuple[str, ...] = ()
    at_s: float = 0.0
    then_s: float = 0.0
    pick: str = ""
    turns: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    makes: bool = False


TOOLS = (
    Tool(
        name="resilience",
        title="Resilience simulator",
        said="One outage against two designs: retries with and without a budget.",
        asks="Turn the tries and the budget, and see which design comes back.",
        lab="retry-storm",
        variants=("naive", "budget"),
        pick="payments",
    ),
    Tool(
        name="event-flow",
        title="Event-flow visualizer",
        said="Orders flow through a stream to their consumers; one of them cannot be read.",
        asks="Step by events, and watch where the order that nobody can read goes.",
        lab="poison-message",
        variants=("naive", "dead-letter"),
        at_s=4.6,
        then_s=0.5,
        pick="books",
        shows=("upcoming", "messages"),
    ),
    Tool(
        name="gateway",
        title="API gateway playground",
        said="Three gateways before a slow and a healthy service, with all guards to be turned.",
        asks="Write guards into an order, as limiter or shed for what comes in, and turn them.",
        lab="circuit-breaker",
        variants=("naive", "breaker"),
        pick="payments",
        turns=(
            "gateway.incoming.order",
            "gateway.incoming.limiter.rate_rps",
            "gateway.incoming.shed.slots",
            "gateway.outgoing.order",
            "gateway.outgoing.breaker.open_ms",
            "gateway.outgoing.timeout.ms",
        ),
    ),
    Tool(
        name="consistency",
        title="Consistency explorer",
        said="The history of a replicated set as its clients saw it, with each anomaly marked.",
        asks="Go back to before the cut, cut another host off, and read what is lost.",
        lab="split-brain",
        variants=("naive", "majority"),
        at_s=16.0,
        shows=("history",),
    ),
    Tool(
        name="architecture",
        title="Architecture sandbox",
        said="Hosts, links, guards and load of your own, made of the library's services.",
        asks="Add a host, give another a guard, run both designs, and save the lab file.",
        lab=SANDBOX,
        variants=("plain", "guarded"),
        makes=True,
    ),
)


def tools(labs: Collection[str]) -> Iterator[dict[str, Any]]:
    """Describe the tools whose labs are there, or are made."""
    for tool in TOOLS:
        if tool.makes or tool.lab in labs:
            yield asdict(tool)
