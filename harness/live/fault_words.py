"""How a page calls faults on its buttons, and the values with which a click injects one.

A kind that is not here is called by its own name, and cannot be injected where a value is missing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.model.fault_json import FAULTS, described


@dataclass(frozen=True, slots=True)
class Words:
    """What the button says, what it says when the fault is there, a sign, and usual values."""

    does: str
    cures: str
    sign: str = "\N{MULTIPLICATION X}"
    values: Mapping[str, Any] = field(default_factory=dict)


SLOW = "\N{CIRCLE WITH UPPER RIGHT QUADRANT BLACK}"

WORDS: Mapping[str, Words] = {
    "Pause": Words("Freeze", "Thaw", "\N{SNOWFLAKE}"),
    "Kill": Words("Kill", "Start again"),
    "Stop": Words("Stop", "Start again", "\N{BLACK SQUARE}"),
    "CpuSlow": Words("Slow CPU", "Full speed", SLOW, {"factor": 4}),
    "ClockSkew": Words(
        "Shift clock",
        "Set clock right",
        "\N{WHITE CIRCLE WITH UPPER RIGHT QUADRANT}",
        {"skew_s": 2},
    ),
    "MemoryLimit": Words("Limit memory", "Give memory back", SLOW, {"limit_mib": 48}),
    "DiskFull": Words("Fill disk", "Free disk", "\N{BLACK SQUARE}"),
    "Partition": Words("Cut off", "Join again", "\N{BLACK SCISSORS}"),
    "Latency": Words("Slow down", "Full speed", SLOW, {"latency_ms": 300}),
    "Down": Words("Cut", "Mend", "\N{BLACK SCISSORS}"),
    "RefuseNew": Words("Refuse new", "Accept again"),
    "Unanswered": Words("Drop connects", "Answer again"),
    "Bandwidth": Words("Narrow", "Widen", SLOW, {"rate_kbps": 10}),
    "Timeout": Words("Swallow data", "Pass data", "\N{MULTIPLICATION X}", {"timeout_ms": 0}),
    "ResetPeer": Words("Reset", "Stop resets", "\N{MULTIPLICATION X}", {"timeout_ms": 0}),
    "Slicer": Words(
        *("Slice data", "Whole again", "\N{BLACK SCISSORS}"),
        {"average_bytes": 100, "variation_bytes": 50, "delay_us": 1000},
    ),
    "SlowClose": Words("Close late", "Close in time", SLOW, {"delay_ms": 1000}),
    "LimitData": Words("Limit data", "No limit", "\N{MULTIPLICATION X}", {"limit_bytes": 1000}),
}
BY_SLIDER = ("Configure",)
"""Settings have controls of their own."""


def buttons(lacks: Collection[str] = ()) -> list[dict[str, Any]]:
    """Describe all faults that a page has buttons for, those first that are tried first.

    `lacks` names those that the engine does not know.
    """
    names = [*WORDS, *(name for name in FAULTS if name not in WORDS)]
    left_out = {*BY_SLIDER, *lacks}
    return [_button(name) for name in names if name in FAULTS and name not in left_out]


def _button(name: str) -> dict[str, Any]:
    about = described(FAULTS[name])
    words = WORDS.get(name, Words(name, f"End {name}"))
    for one in about["fields"]:
        if one["name"] in words.values:
            one["default"] = words.values[one["name"]]
    return {**about, "does": words.does, "cures": words.cures, "sign": words.sign}
