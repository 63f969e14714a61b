"""Modules that a tab fetches when they are asked for, and not before.

A bundle is in parts. What every lab loads is on the import path from the start; the finder here
knows by name what the other parts hold, fetches a part when one of its modules is imported, and
puts it on the path. Optional modules that no part holds are missing, as anywhere.
"""

import importlib.util
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from io import BytesIO
from pathlib import Path
from types import ModuleType


class Later(MetaPathFinder):
    """Finds modules in parts that are fetched by their names, as bytes of a zip.

    `parts` holds the top-level names and the dotted names of each part's modules; `folder` is where
    they are unpacked, for some open files beside them.
    """

    def __init__(
        self,
        fetch: Callable[[str], bytes],
        parts: Mapping[str, Sequence[str]],
        folder: Path,
    ) -> None:
        self._fetch = fetch
        self._part_of = {name: part for part, names in parts.items() for name in names}
        self._folder = folder
        self._fetched: set[str] = set()
        self._under_way: set[str] = set()

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a module that the import path did not have."""
        del path  # of the package, which is in another part
        part = self._part_of.get(fullname)
        if part is None or part in self._under_way:
            return None
        here = self._unpacked(part)
        inside = fullname.split(".")[:-1]
        return PathFinder.find_spec(fullname, [str(here.joinpath(*inside))], target)

    def _unpacked(self, part: str) -> Path:
        here = self._folder / part
        if part not in self._fetched:
            self._under_way.add(part)  # what unpacking itself imports cannot be in the part
            try:
                with zipfile.ZipFile(BytesIO(self._fetch(part))) as held:
                    held.extractall(here)
            finally:
                self._under_way.remove(part)
            self._fetched.add(part)
            sys.path.append(str(here))
            importlib.invalidate_caches()
        return here


def wait_for(
    fetch: Callable[[str], bytes], parts: Mapping[str, Sequence[str]], folder: str
) -> None:
    """Look for modules in parts from now on, after everything else has been asked."""
    sys.meta_path.append(Later(fetch, parts, Path(folder)))
