"""Drawings in text, and figures as words: what the terminal and the report share."""

import math
from collections.abc import Iterator, Sequence

from harness.changes import Change
from harness.checks.verdict import Control, Verdict
from harness.model.expect import Bound
from harness.model.fault import Timed
from harness.model.lab import CLIENT, Lab, Redis, Service
from harness.model.numbers import MINUS, number, with_unit

BARS = "▁▂▃▄▅▆▇█"
SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INCONCLUSIVE: "?"}
UNKNOWN = "\N{EN DASH}"
LABEL_ROOM = 6
"""Characters between the labels of a time axis, at least."""


def figure(value: float, unit: str = "") -> str:
    """Say a value to about three digits with its unit; "never" for a time without end."""
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        endless = "never" if unit in {"s", "ms"} else "∞"
        return endless if value > 0 else f"{MINUS}∞"
    return with_unit(number(value), unit)


def margin(value: float, unit: str = "") -> str:
    """Say a distance to a bound with its sign; "beyond" when no number is near."""
    if math.isinf(value):
        return "beyond" if value < 0 else "free"
    sign = "+" if value >= 0 else ""
    return UNKNOWN if math.isnan(value) else sign + figure(value, unit)


def seen(control: Control) -> str:
    """Say a control's value."""
    return figure(control.value, control.unit)


def wanted(bound: Bound, unit: str = "") -> str:
    """Say the bound that a value is held against."""
    return bound.said(unit)


def between(start_s: float, end_s: float) -> str:
    """Say a part of the run."""
    return f"{start_s:g}\N{EN DASH}{end_s:g} s"


def cut(words: str, width: int) -> str:
    """Shorten words to a number of characters, with an ellipsis for what is left out."""
    return words if len(words) <= width else words[: max(0, width - 1)] + "…"


def sparkline(values: Sequence[float], *, top: float) -> str:
    """Draw a value a character: `_` for nothing at all, `·` for unknown, `█` from `top` on."""
    return "".join(_bar(value, top) for value in values)


def timeline(lab: Lab, width: int) -> str:
    """Draw what happens on a time axis, one line each, none longer than `width` characters."""
    moments = list(dict.fromkeys(lab.moments()))
    names = [cut(moment.name, max(1, width // 3)) for moment in moments]
    indent = max((len(name) for name in names), default=0) + 1
    room = max(1, width - indent - len(f"{lab.duration_s:g} s"))
    lines = [" " * indent + _axis(lab.duration_s, room)]
    for name, moment in zip(names, moments, strict=True):
        lines.append(f"{name:<{indent}}" + _window(moment, lab.duration_s, room))
    return "\n".join(line[:width].rstrip() for line in lines)


def topology(lab: Lab) -> str:
    """Draw who calls whom, from the load on; `✗` marks what the faults hit, told below.

    A service that was drawn before is only named, with `↑`; what no call reaches comes last.
    """
    drawn: set[str] = set()
    entries = dict.fromkeys(lab.folded(target) for target in lab.load.targets())
    lines = _joined(
        f"{CLIENT} ──{load_rate(lab)}", [_branch(lab, CLIENT, entry, drawn) for entry in entries]
    )
    for node in lab.nodes():
        if node.name not in drawn:
            lines += _tree(lab, node.name, drawn)
    lines += dict.fromkeys(f"✗ {when(timed)}" for timed in lab.faults)
    return "\n".join(lines)


def load_rate(lab: Lab) -> str:
    """Say how many requests a second the load sends; a changing load by its mean."""
    rate_rps: float | None = getattr(lab.load, "rate_rps", None)
    if rate_rps is not None and not lab.surges():
        return f"{rate_rps:g}/s"
    count = sum(1 for _ in lab.load.arrivals(0, lab.duration_s))
    return f"≈{count / lab.duration_s:.3g}/s"


def role(node: Service | Redis) -> str:
    """Say what a node is, by the last word of a service's module, and how many there are."""
    if isinstance(node, Redis):
        return "redis"
    times = f" x {node.replicas}" if node.replicas > 1 else ""
    return node.app.rpartition(".")[2] + times


def hits(lab: Lab, place: str) -> list[str]:
    """Say what is done to a service or link, or to replicas at its ends, and when."""
    return [when(timed) for timed in lab.faults if place in _hit(lab, timed)]


def when(timed: Timed) -> str:
    """Say what a fault does, and when."""
    return f"{timed.said}, {between(timed.start_s, timed.end_s)}"


def _hit(lab: Lab, timed: Timed) -> set[str]:
    """Name what a fault hits, replicas as one."""
    links = [link.name for link in lab.links()]
    return {lab.folded(place) for place in timed.fault.places(links)}


def _bar(value: float, top: float) -> str:
    if math.isnan(value):
        return "·"
    if value <= 0:
        return "_"
    share = min(1.0, value / top) if top > 0 else 1.0
    return BARS[max(0, math.ceil(share * len(BARS)) - 1)]


def _axis(duration_s: float, room: int) -> str:
    steps_s = (1, 2, 5, 10, 20, 30, 60, 120, 300)
    step_s = next((step for step in steps_s if room * step >= LABEL_ROOM * duration_s), 600)
    axis = ""
    for at_s in range(0, math.floor(duration_s) + 1, step_s):
        axis = axis.ljust(round(at_s / duration_s * room)) + str(at_s)
    return f"{axis} s"


def _window(moment: Change, duration_s: float, room: int) -> str:
    start = min(room - 1, round(moment.start_s / duration_s * room))
    end = max(start + 1, min(room, round(moment.end_s / duration_s * room)))
    return "·" * start + "█" * (end - start) + "·" * (room - end)


def _tree(lab: Lab, name: str, drawn: set[str]) -> list[str]:
    """Draw a service and, to its right or below it, whom it calls."""
    known = {node.name: node for node in lab.nodes()}
    if name not in known or name in drawn:
        return [f"{name} ↑" if name in drawn else f"{name} (?)"]
    drawn.add(name)
    node = known[name]
    head = f"{name} ({role(node)})" + (" ✗" if hits(lab, name) else "")
    calls = node.calls if isinstance(node, Service) else ()
    callees = dict.fromkeys(lab.folded(callee) for callee in calls)
    return _joined(f"{head} ", [_branch(lab, name, callee, drawn) for callee in callees])


def _joined(head: str, branches: Sequence[Sequence[str]]) -> list[str]:
    """Put a single branch to the right of a head, and several below it."""
    if len(branches) == 1:
        first, *rest = branches[0]
        return [head + first, *(" " * len(head) + line for line in rest)]
    return [head.rstrip(), *_fork(branches)]


def _branch(lab: Lab, caller: str, callee: str, drawn: set[str]) -> list[str]:
    arrow = _arrow(lab, caller, callee)
    first, *rest = _tree(lab, callee, drawn)
    return [arrow + first, *(" " * len(arrow) + line for line in rest)]


def _arrow(lab: Lab, caller: str, callee: str) -> str:
    return "─✗─▶ " if hits(lab, f"{caller}->{callee}") else "──▶ "


def _fork(branches: Sequence[Sequence[str]]) -> Iterator[str]:
    for place, (first, *rest) in enumerate(branches, start=1):
        last = place == len(branches)
        yield (" └" if last else " ├") + first
        yield from (("  " if last else " │") + line for line in rest)
