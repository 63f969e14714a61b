"""The form of a system that a person puts together: its values, its labels, and the first one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.live.library import STORE
from harness.model.fault import Setting
from harness.model.loads import Paced, Poisson
from harness.model.send import METHODS

PLAIN, GUARDED = "plain", "guarded"
LOADS: Mapping[str, type[Poisson | Paced]] = {"Poisson": Poisson, "Paced": Paced}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostForm:
    """A host: its service, whom it calls, its settings, and those of the guarded design.

    One whose service is `redis` is a Redis, which calls nobody and is the same in both designs.
    """

    name: str
    service: str
    calls: tuple[str, ...] = ()
    replicas: int = 1
    settings: Mapping[str, Setting] = field(default_factory=dict)
    guards: Mapping[str, Setting] = field(default_factory=dict)

    @property
    def is_store(self) -> bool:
        """Whether it is a Redis."""
        return self.service == STORE


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadForm:
    """What is sent; with `surge_times` above 1, so many times as much for a while."""

    to: str
    rate_rps: float
    kind: str = "Poisson"
    method: str = "GET"
    path: str = "/"
    timeout_ms: float = 2000.0
    surge_times: float = 1.0
    surge_start_s: float = 5.0
    surge_end_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultForm:
    """A fault and its window."""

    start_s: float
    end_s: float
    fault: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The whole; shares are of the requests that are due between the two judged moments."""

    title: str
    hosts: tuple[object, ...]
    load: object
    faults: tuple[object, ...] = ()
    duration_s: float = 20.0
    judged_from_s: float = 10.0
    judged_to_s: float = 20.0
    plain_at_most: float = 0.5
    guarded_at_least: float = 0.9


def labels() -> dict[str, Any]:
    """Give the fields of the load and of the guess as a page shows them, in their order."""
    load = {
        "kind": "kind",
        "to": "to",
        "method": "method",
        "path": "path",
        "rate_rps": "requests/s",
        "timeout_ms": "patience, ms",
        "surge_times": "surge, \N{MULTIPLICATION SIGN}",
        "surge_start_s": "from, s",
        "surge_end_s": "to, s",
    }
    guess = {
        "duration_s": "the run lasts, s",
        "judged_from_s": "judged from, s",
        "judged_to_s": "to, s",
        "plain_at_most": f"{PLAIN} answers at most (share)",
        "guarded_at_least": f"{GUARDED} at least (share)",
    }
    chosen = {"kind": list(LOADS), "to": "hosts", "method": list(METHODS)}
    told = [{"name": name, "label": label, "of": chosen.get(name)} for name, label in load.items()]
    return {
        "load": told,
        "guess": [{"name": name, "label": label} for name, label in guess.items()],
    }


def start() -> dict[str, Any]:
    """Give the form that a person finds first: a dependency that freezes under four tries."""
    return {
        "title": "My system",
        "hosts": [
            {
                "name": "shop",
                "service": "relay",
                "calls": ["stock"],
                "replicas": 1,
                "settings": {"timeout_ms": 500, "tries": 4},
                "guards": {"tries": 1},
            },
            {
                "name": "stock",
                "service": "worker",
                "calls": [],
                "replicas": 1,
                "settings": {"workers": 4, "service_ms": 40},
                "guards": {},
            },
        ],
        "load": {
            "kind": "Poisson",
            "to": "shop",
            "method": "GET",
            "path": "/",
            "rate_rps": 70,
            "timeout_ms": 4000,
            "surge_times": 1,
            "surge_start_s": 5,
            "surge_end_s": 10,
        },
        "faults": [{"start_s": 5, "end_s": 8, "fault": {"kind": "Pause", "target": "stock"}}],
        "duration_s": 25,
        "judged_from_s": 18,
        "judged_to_s": 25,
        "plain_at_most": 0.5,
        "guarded_at_least": 0.9,
    }
