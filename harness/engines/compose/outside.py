"""Watches what others do to a run's containers: what a fault has not done ends the run.

Somebody pauses a container, changes its limits or takes it off the network: then a run that goes on
would blame its lab. The engine tells of everything that is done to its containers, by whomever.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import requests
import urllib3
from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from harness.engines.compose import address

DONE = {
    "pause": "was paused",
    "unpause": "was thawed",
    "update": "was given other limits",
    "disconnect": "was taken off the lab's network",
}
LONG_S = 86_400
SETTLE_S = 0.5
"""How long a container that is ending may still seem to run, when it has left its network."""


class Watch(threading.Thread):
    """Tells of what is done from outside, by a container's name and in words."""

    def __init__(
        self, containers: Mapping[str, Container], hear: Callable[[str, str], None]
    ) -> None:
        super().__init__(name="what others do", daemon=True)
        self._names = {container.id: name for name, container in containers.items()}
        self._containers = containers
        self._hear = hear
        self._expected: Counter[tuple[str, str]] = Counter()
        self._over = threading.Event()
        # A client of its own: for minutes there may be nothing to tell.
        self._client = address.connect(LONG_S)
        self._events: Any = self._client.events(
            decode=True, filters={"type": ["container", "network"], "event": list(DONE)}
        )

    def expect(self, name: str, action: str) -> None:
        """Let an action pass once: a fault is about to do it."""
        self._expected[name, action] += 1

    def run(self) -> None:
        """Listen until the watch is closed, or the engine has gone, which others notice."""
        with suppress(
            *(DockerException, requests.RequestException, urllib3.exceptions.HTTPError),
            *(OSError, AttributeError, ValueError),  # of a stream that is closed under a read
        ):
            for event in self._events:
                self._take(event)

    def close(self) -> None:
        """End the watch."""
        self._over.set()
        with suppress(Exception):
            self._events.close()
            self._client.close()

    def _take(self, event: Mapping[str, Any]) -> None:
        action, actor = event["Action"], event["Actor"]
        of = actor["Attributes"].get("container") if event["Type"] == "network" else actor["ID"]
        name = self._names.get(of)
        if name is None or self._over.is_set():
            return
        if self._expected[name, action]:
            self._expected[name, action] -= 1
        elif action != "disconnect" or self._is_cut(name):
            self._hear(name, DONE[action])

    def _is_cut(self, name: str) -> bool:
        """Say whether a container runs without a network; one that ends leaves it by itself."""
        if self._over.wait(SETTLE_S):
            return False
        try:
            self._containers[name].reload()
        except NotFound:
            return False
        attrs = self._containers[name].attrs
        return bool(attrs["State"]["Running"]) and not attrs["NetworkSettings"]["Networks"]
