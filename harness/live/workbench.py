"""What a session knows beside the labs that are there: the one that a person puts together."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from harness.model.lab import Lab

SANDBOX = "sandbox"
"""How the lab of a system is called, whatever its title is."""
Message = dict[str, Any]


class Workbench:
    """The system of one session. All services are loaded for it, when it is first asked for."""

    def __init__(self, find: Callable[[str], Lab]) -> None:
        self._find = find
        self._lab: Lab | None = None

    def is_own(self, name: str) -> bool:
        """Say whether a lab is the one that was made here."""
        return name == SANDBOX and self._lab is not None

    def find(self, name: str) -> Lab:
        """Find a lab, the one made here or another.

        Raises:
            LabError: there is none of that name.

        """
        if name == SANDBOX and self._lab is not None:
            return self._lab
        return self._find(name)

    def library(self) -> Message:
        """Say what a system can be made of, and give one to begin with."""
        library = import_module("harness.live.library").library()
        form = import_module("harness.live.sandbox_form")
        return {"say": "library", **library, "form": form.labels(), "start": form.start()}

    def make(self, system: object) -> Message:
        """Make the lab of a system; the one before it stays until it makes sense.

        Raises:
            LabError: it does not.

        """
        made = import_module("harness.live.sandbox").made_of(system)
        source: str = import_module("harness.live.sandbox_source").source_of(made)
        self._lab = made.lab
        return {"say": "system", "lab": SANDBOX, "source": source}
