"""What a worker must have in common with the tree that sends it work.

Each fact is a resource in Dask's sense, which a worker announces and a job asks for. So the
scheduler itself gives a job to no other worker, also to none that joins later.
"""

import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from harness import check_results

MARK = "chaoslab "
PACKAGES = ("aiohttp", "fakeredis", "prometheus-client", "redis")
"""The packages that services run on in the simulation."""


def facts() -> dict[str, str]:
    """Give the digests of the code, Python's minor version, and the releases of the packages."""
    tree = check_results.of_tree("sim", permute=False)
    return {
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "harness and services": tree["harness and services"],
        "labs": tree["labs"],
        **{package: _release(package) for package in PACKAGES},
    }


def _release(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def resources(amount: float) -> dict[str, float]:
    """Name this tree's facts as Dask's resources, of each of which there is so much."""
    return {f"{MARK}{name}={value}": amount for name, value in facts().items()}


def differing(wanted: Mapping[str, float], announced: Mapping[str, float]) -> str:
    """Say in what a worker's tree differs from the one that is wanted; nothing if it does not."""
    theirs = dict(_fact(name) for name in announced if name.startswith(MARK))
    if not theirs:
        return "it does not announce its tree; start it as ./lab cluster says"
    ours = dict(_fact(name) for name in wanted)
    other = [
        f"{name} is {theirs.get(name, 'unknown')}, here {value}"
        for name, value in ours.items()
        if theirs.get(name) != value
    ]
    return ", ".join(other)


def _fact(resource: str) -> tuple[str, str]:
    name, _, value = resource.removeprefix(MARK).rpartition("=")
    return name, value
