"""Toxiproxy's API, by way of toxiproxy-python, with what that leaves out.

Which is: a server of one's own instead of one for the whole process, time limits, an error on
every status that is one, reading back what was written, and a look at values that would end the
server.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import requests
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

from harness.errors import FaultNotAppliedError, LabError
from harness.model.fault import ToxicSpec

CALL_LIMIT_S = 5.0
TOXICITY_STEP = 1e-6
"""The server keeps toxicity as a 32-bit float, and so sends back a neighbour of what it got."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy as the server has it now."""

    name: str
    listen: str
    upstream: str
    enabled: bool
    toxics: tuple[ToxicSpec, ...]


class Toxiproxy:
    """One server; its calls block, and each may raise what `_call` does.

    Nothing that it does not read back as done counts as done: `FaultNotAppliedError`.
    """

    def __init__(self, api: Any) -> None:  # noqa: ANN401 - toxiproxy-python has no types
        self._api = api

    def proxies(self) -> dict[str, Proxy]:
        """Read all proxies, by name."""
        return {name: _proxy(row) for name, row in self._call("get", "/proxies").json().items()}

    def proxy(self, name: str) -> Proxy:
        """Read one proxy."""
        return _proxy(self._call("get", f"/proxies/{name}").json())

    def add(self, proxy: str, toxic: ToxicSpec) -> None:
        """Add a toxic.

        Raises:
            LabError: values that would end the server.

        """
        for danger in dangers(toxic):
            raise LabError(f"{toxic.type} on {proxy}: {danger}")
        self._call("post", f"/proxies/{proxy}/toxics", json=asdict(toxic))
        there = {one.name: one for one in self.proxy(proxy).toxics}.get(toxic.name)
        if there is None or not _same(there, toxic):
            raise FaultNotAppliedError(f"{toxic.name} on {proxy}: read back as {there}")

    def remove(self, proxy: str, name: str) -> None:
        """Take a toxic away."""
        self._call("delete", f"/proxies/{proxy}/toxics/{name}")
        if name in {toxic.name for toxic in self.proxy(proxy).toxics}:
            raise FaultNotAppliedError(f"{name} on {proxy}: still there after its removal")

    def enable(self, proxy: str, *, enabled: bool) -> None:
        """Let a proxy listen, or refuse connections and close those that there are."""
        self._call("post", f"/proxies/{proxy}", json={"enabled": enabled})
        if self.proxy(proxy).enabled is not enabled:
            raise FaultNotAppliedError(f"{proxy}: enabled is not {enabled} when read back")

    def reset(self) -> None:
        """Take every toxic away and enable every proxy."""
        self._call("post", "/reset")
        for proxy in self.proxies().values():
            if proxy.toxics or not proxy.enabled:
                raise FaultNotAppliedError(f"{proxy.name}: not clean after a reset: {proxy}")

    def _call(self, verb: str, path: str, **options: Any) -> requests.Response:  # noqa: ANN401
        try:
            answer: requests.Response = getattr(self._api, verb)(
                path, timeout=CALL_LIMIT_S, **options
            )
            answer.raise_for_status()
        except (NotFound, ProxyExists, InvalidToxic, OSError) as error:
            raise FaultNotAppliedError(f"toxiproxy, {verb} {path}: {error}") from error
        return answer


def over_http(port: int, host: str = "127.0.0.1") -> type:
    """Give the API of a server whose port can be reached from here."""
    # The library keeps its address in the class, so that a class of one's own is a server.
    return type("Api", (APIConsumer,), {"host": host, "port": port})


def dangers(toxic: ToxicSpec) -> Iterator[str]:
    """Say which values would crash the server, whoever made them."""
    for name, value in toxic.attributes.items():
        if value < 0:
            yield f"{name} is {value}; it must not be negative"
    if toxic.type == "slicer":
        average = toxic.attributes.get("average_size", 0)
        if average < 1:
            yield f"average_size is {average}; it must be at least 1"
        elif toxic.attributes.get("size_variation", 0) >= average:
            yield f"size_variation must be below average_size, {average}"


def _same(there: ToxicSpec, asked: ToxicSpec) -> bool:
    return (
        (there.type, there.stream) == (asked.type, asked.stream)
        and abs(there.toxicity - asked.toxicity) < TOXICITY_STEP
        and asked.attributes.items() <= dict(there.attributes).items()
    )


def _proxy(row: Mapping[str, Any]) -> Proxy:
    return Proxy(
        name=row["name"],
        listen=row["listen"],
        upstream=row["upstream"],
        enabled=row["enabled"],
        toxics=tuple(_toxic(toxic) for toxic in row["toxics"] or ()),
    )


def _toxic(row: Mapping[str, Any]) -> ToxicSpec:
    return ToxicSpec(
        name=row["name"],
        type=row["type"],
        stream=row["stream"],
        toxicity=row["toxicity"],
        attributes=row["attributes"],
    )
