"""The words in which labs are written."""

from typing import TYPE_CHECKING

from harness.model.across import boundary, difference, fit, ratio, rising
from harness.model.change import Configure
from harness.model.distance import Distance
from harness.model.drawn import Drawn
from harness.model.expect import Plot, baseline, noted, on, predict
from harness.model.fault import Kill, Pause, at, during
from harness.model.host_faults import ClockSkew, CpuSlow, DiskFull, MemoryLimit, Stop
from harness.model.keys import HotKey, Zipf
from harness.model.lab import Lab, Redis, Service
from harness.model.loads import Paced, Poisson, Together
from harness.model.partition import Partition, RefuseNew, Unanswered, Way
from harness.model.phases import Ramp, Surge
from harness.model.send import Send
from harness.model.toxic import (
    Bandwidth,
    Down,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Stream,
    Timeout,
)
from harness.model.variant import Broken, Fixed, Measured, family

if not TYPE_CHECKING:  # which would then take any name for a word
    from harness.model.unsupported import refuse as __getattr__  # noqa: F401

__all__ = [
    "Bandwidth",
    "Broken",
    "ClockSkew",
    "Configure",
    "CpuSlow",
    "DiskFull",
    "Distance",
    "Down",
    "Drawn",
    "Fixed",
    "HotKey",
    "Kill",
    "Lab",
    "Latency",
    "LimitData",
    "Measured",
    "MemoryLimit",
    "Paced",
    "Partition",
    "Pause",
    "Plot",
    "Poisson",
    "Ramp",
    "Redis",
    "RefuseNew",
    "ResetPeer",
    "Send",
    "Service",
    "Slicer",
    "SlowClose",
    "Stop",
    "Stream",
    "Surge",
    "Timeout",
    "Together",
    "Unanswered",
    "Way",
    "Zipf",
    "at",
    "baseline",
    "boundary",
    "difference",
    "during",
    "family",
    "fit",
    "noted",
    "on",
    "predict",
    "ratio",
    "rising",
]
