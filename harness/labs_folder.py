"""Somebody else's labs: a folder of another repository, which keeps its own labs and services.

The folder stands in for `labs/`: what lies in it is imported as `labs.<path>`, as in this
repository. It is also on the import path, at its end, so that a lab may name a service of its own
as `bank` (DIR/bank.py) or `shop.bank`; and DIR/services holds further modules of `services`.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.engines.sim import own_modules
from harness.errors import EnvironmentNotReadyError

_chosen: list[Path] = []


def chosen() -> Path | None:
    """Give the folder, or None where the labs are the project's own."""
    return _chosen[0] if _chosen else None


def choose(folder: Path) -> None:
    """Let this process find its labs, and their services, in a folder.

    Raises:
        EnvironmentNotReadyError: there is no such folder, or it holds a service of a taken name.

    """
    if not folder.is_dir():
        said = "is no folder" if folder.exists() else "there is no such folder"
        raise EnvironmentNotReadyError(
            f"--labs {folder}: {said}; name one that holds NAME/lab.py or TRACK/NAME/lab.py"
        )
    home = folder.resolve()
    _refuse_taken(home, folder)
    _chosen[:] = [home]
    for name in [name for name in list(sys.modules) if name.startswith("labs.")]:
        del sys.modules[name]
    package: Any = importlib.import_module("labs")
    package.__path__ = [str(home)]
    if str(home) not in sys.path:
        sys.path.append(str(home))
    services: Any = importlib.import_module("services")
    if (home / "services").is_dir() and str(home / "services") not in services.__path__:
        services.__path__.append(str(home / "services"))
    importlib.invalidate_caches()
    own_modules.add(_importable(home))


def folders(home: Path) -> list[Path]:
    """Give the folders of the labs below one, in a track or in none."""
    found = [path.parent for pattern in ("*/lab.py", "*/*/lab.py") for path in home.glob(pattern)]
    return sorted(one for one in found if not _hidden(one.relative_to(home)))


def modules(home: Path) -> list[Path]:
    """Give the folder's Python files, but those of virtual environments and hidden folders."""
    left_out = {path.parent for path in home.rglob("pyvenv.cfg")}
    left_out |= {path for path in home.rglob(".*") if path.is_dir()}
    return sorted(path for path in home.rglob("*.py") if left_out.isdisjoint(path.parents))


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _refuse_taken(home: Path, folder: Path) -> None:
    """Refuse a service that would be hidden behind one of the project's own."""
    own = Path(str(importlib.import_module("services").__file__)).parent
    taken = {module.name for module in pkgutil.iter_modules([str(own)])}
    for module in pkgutil.iter_modules([str(home / "services")]):
        if module.name in taken and home / "services" != own:
            raise EnvironmentNotReadyError(
                f"{folder}/services/{module.name}: services.{module.name} is one of Chaoslab's "
                "own; rename it"
            )


def _importable(home: Path) -> Iterator[str]:
    """Give the top-level modules that an import finds in the folder and nowhere before it."""
    for path in sorted(home.iterdir()):
        name = path.stem if path.suffix == ".py" else path.name
        if not name.isidentifier() or (path.is_file() and path.suffix != ".py"):
            continue
        spec = find_spec(name)
        places = [*(spec.submodule_search_locations or ()), spec.origin or ""] if spec else []
        if places and all(Path(place).is_relative_to(home) for place in places if place):
            yield name
