"""What each image holds, as a list of packages that scanners read (CycloneDX).

The lists are made where the files are, by the scripts that fetch them, and travel as labels of the
images. An image inherits its parent's labels, and so lists all that it holds.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docker import DockerClient

from harness.engines.compose.inventory import State, status
from harness.errors import EnvironmentNotReadyError

FILE = "packages.txt"
"""In a made folder: one package URL a line (https://github.com/package-url/purl-spec)."""
LABEL = "chaoslab.packages."


def labels(name: str, made: Path | None) -> dict[str, str]:
    """Give the label that lists an image's own packages, if it was made from some."""
    listed = made / FILE if made else None
    if listed is None or not listed.exists():
        return {}
    return {f"{LABEL}{name}": " ".join(sorted(listed.read_text().split()))}


def write(client: DockerClient, folder: Path) -> list[Path]:
    """Write a list for each image of this tree, as `<name>.cdx.json`.

    Raises:
        EnvironmentNotReadyError: an image is missing.

    """
    statuses = status(client)
    lacking = [one.name for one in statuses if one.state is State.MISSING]
    if lacking:
        raise EnvironmentNotReadyError(f"no image of {', '.join(lacking)}: run ./lab images build")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for one in statuses:
        document = cyclonedx(one.reference, client.images.get(one.reference).labels)
        written.append(folder / f"{one.name}.cdx.json")
        written[-1].write_text(json.dumps(document, indent=1) + "\n")
    return written


def cyclonedx(reference: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """Give the list of one image, from its labels."""
    name, _, version = reference.partition(":")
    purls = sorted(
        {purl for label, text in labels.items() if label.startswith(LABEL) for purl in text.split()}
    )
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "container", "name": name, "version": version}},
        "components": [_component(purl) for purl in purls],
    }


def _component(purl: str) -> dict[str, str]:
    place, _, version = purl.partition("?")[0].rpartition("@")
    name = place.partition("/")[2]
    kind = place.partition(":")[2].partition("/")[0]
    short = name.rpartition("/")[2] if kind == "deb" else name
    return {"type": "library", "name": short, "version": unquote(version), "purl": purl}
