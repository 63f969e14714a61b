"""What runs in a browser imports nothing that a browser's Python lacks, or has only in name."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT_S = 60

FOLDERS = (
    *(
        "harness/model",
        "harness/measures",
        "harness/checks",
        "harness/theory",
        "harness/engines/sim",
    ),
    *("services", "labs"),
)
LIVE = (
    *("abilities", "ahead", "commands", "conversation", "described", "protocol", "session"),
    *("snapshot", "viewed"),
)
MODULES = (
    "harness.acting",
    "harness.conductor",
    "harness.engines.protocol",
    *(f"harness.live.{name}" for name in LIVE),
    "harness.recording",
    "harness.result",
)
ENTRY = "services.main"
"""Where a container starts: it alone may know of signals."""

WHEELS = {"aiohttp", "fakeredis", "prometheus_client", "redis", "yarl"}
"""What `harness/site/runtime/prepare` fetches without compiled code, as far as we import it."""

ABSENT = {
    "_thread",
    "concurrent",
    "ctypes",
    "fcntl",
    "mmap",
    "multiprocessing",
    "resource",
    "select",
    "selectors",
    "signal",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "termios",
    "threading",
}

# Lists, as [importer, imported], what each of our modules imports while it is itself imported.
LISTER = r"""
import builtins, importlib, json, sys

ours = ("harness", "services", "labs")
original = builtins.__import__
found = []

def watching(name, globals=None, locals=None, fromlist=(), level=0):
    importer = (globals or {}).get("__name__", "")
    if importer.partition(".")[0] in ours:
        found.append([importer, name])
    return original(name, globals, locals, fromlist, level)

builtins.__import__ = watching
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(found))
"""


def names(folder: str) -> Iterable[str]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        if path.name != "__init__.py":
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def unwelcome(modules: Iterable[str]) -> list[str]:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", LISTER, *modules],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    welcome = (set(sys.stdlib_module_names) - ABSENT) | WHEELS | {"harness", "services", "labs"}
    return [
        f"{importer} imports {imported}"
        for importer, imported in json.loads(done.stdout)
        if imported.partition(".")[0] not in welcome
    ]


def test_what_runs_in_a_browser_imports_only_what_is_there() -> None:
    """No sockets, threads, processes, TLS or compiled packages, while a module is imported."""
    modules = {*MODULES, *(name for folder in FOLDERS for name in names(folder))} - {ENTRY}

    assert unwelcome(sorted(modules)) == []


def test_an_unwelcome_import_is_seen() -> None:
    """The entry of a container takes signals, which a browser has only in name."""
    assert unwelcome([ENTRY]) == [f"{ENTRY} imports signal"]
