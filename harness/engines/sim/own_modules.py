"""Which modules are the code of a learner's services and labs, and not a library's."""

from collections.abc import Iterable

PACKAGES = ("services.", "labs.")

_prefixes: list[tuple[str, ...]] = [PACKAGES]


def add(names: Iterable[str]) -> None:
    """Count modules and packages of these top-level names in, with all that is in them."""
    _prefixes[:] = [tuple(dict.fromkeys((*_prefixes[0], *(f"{name}." for name in names))))]


def is_own(module: str) -> bool:
    """Say whether a module is a service's or a lab's."""
    return f"{module}.".startswith(_prefixes[0])
