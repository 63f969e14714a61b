"""What a Docker engine holds of the image set: of this tree, and of other trees and versions."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from docker import DockerClient
from docker.errors import APIError, DockerException, NotFound

from harness.engines.compose import address
from harness.engines.compose.images import by_name, chosen_base, reference
from harness.errors import EnvironmentNotReadyError

CONTENT_LABEL = "chaoslab.content"
"""Marks the set's images, those of other trees and versions too."""
DAY = re.compile(r"\d{8}")
CONFLICT = 409
CALL_LIMIT_S = 60


class State(StrEnum):
    """Whether an engine holds an image as this tree would build it."""

    READY = "ready"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageStatus:
    """What an engine holds of one image, its size with its parents' layers (0 when missing)."""

    name: str
    reference: str
    size_bytes: int
    state: State


def connect() -> DockerClient:
    """Open a client to the engine, to be closed by the caller.

    Raises EnvironmentNotReadyError when none answers.
    """
    try:
        return address.connect(CALL_LIMIT_S)
    except DockerException as error:
        raise EnvironmentNotReadyError(address.no_engine()) from error


def _held(client: DockerClient) -> list[dict[str, Any]]:
    """Give the engine's own summaries of the set's images, whoever's they are, in one call."""
    found = client.api.images(filters={"label": CONTENT_LABEL})
    return cast("list[dict[str, Any]]", found)


def status(client: DockerClient, *, base: str | None = None) -> list[ImageStatus]:
    """Say of each image whether the engine holds it as this tree is now, parents first.

    ``base`` is as in `build`.
    """
    sizes = {tag: one["Size"] for one in _held(client) for tag in one["RepoTags"] or ()}
    base = chosen_base() if base is None else base
    named = {name: reference(name, base=base) for name in by_name()}
    return [
        ImageStatus(
            name=name,
            reference=tag,
            size_bytes=sizes.get(tag, 0),
            state=State.READY if tag in sizes else State.MISSING,
        )
        for name, tag in named.items()
    ]


def days(client: DockerClient) -> list[str]:
    """Give the days whose Debian packages an engine's images have, the latest first."""
    tags = (tag for one in _held(client) for tag in one["RepoTags"] or ())
    found = {tag.rpartition(":")[2].partition("-")[0] for tag in tags}
    return sorted((day for day in found if DAY.fullmatch(day)), reverse=True)


def missing(client: DockerClient) -> list[ImageStatus]:
    """Give the images that a build would make."""
    return [one for one in status(client) if one.state is State.MISSING]


def total_bytes(statuses: Collection[ImageStatus]) -> int:
    """Add up the sizes of images, layers that they share counted once."""
    sizes = {one.name: one.size_bytes for one in statuses}
    return sum(
        size - sizes.get(by_name()[name].parent or "", 0) for name, size in sizes.items() if size
    )


def others(client: DockerClient) -> list[str]:
    """Name the set's images that are not this tree's: by a tag, or by their id when untagged."""
    mine = {one.reference for one in status(client)}
    found = [tag for one in _held(client) for tag in one["RepoTags"] or [one["Id"]]]
    return sorted(name for name in found if name not in mine and name != "<none>:<none>")


def remove_others(client: DockerClient) -> tuple[list[str], int]:
    """Remove what `others` gives but what a container uses; give their names, and bytes freed."""
    before = client.df()["LayersSize"]
    left, removed = others(client), list[str]()
    # What others stand on goes in a later round than these do.
    while gone := [name for name in left if _removed(client, name)]:
        removed += gone
        left = others(client)
    return sorted(removed), max(0, before - client.df()["LayersSize"])


def _removed(client: DockerClient, name: str) -> bool:
    try:
        client.images.remove(name)
    except NotFound:
        return False
    except APIError as error:
        if error.status_code != CONFLICT:
            raise
        return False
    return True
