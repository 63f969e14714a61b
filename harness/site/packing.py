"""Packs the bundle of a browser's tab; it runs in the tab's own Python, under Node.

It plays every lab for a moment, to see what is loaded, and writes four zips of bytecode: `stdlib`
and `core` are what every lab has loaded, `redis` what only labs with a Redis have, and `rest` is
everything else, so that nothing is missing when a rare line is reached. Zips are stored, for a
server's compression makes them smaller than their own would.
"""

import importlib
import importlib.util
import json
import marshal
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from harness.site.tab import Packed, started

STAGE, OUT = Path("/stage"), Path("/out")
STDLIB, APP = STAGE / "stdlib", STAGE / "app"
ZIPPED = "/lib/python{0.major}{0.minor}.zip/"
REDIS = ("redis", "fakeredis", "sortedcontainers")
STARTS = (
    "encodings", "importlib", "collections", "zipfile", "pyodide", "_pyodide", "zipimport", "site",
    "_sysconfigdata__emscripten_wasm32-emscripten", "traceback", "difflib",
)  # fmt: skip
"""What a start or an error message needs that no lab loads."""
NEVER = ("encodings.mac_", "encodings.cp", "encodings.iso", "encodings.koi8", "encodings.euc",
         "encodings.gb", "encodings.big5", "encodings.shift", "encodings.johab", "encodings.hp",
         "encodings.kz", "encodings.ptcp", "encodings.tis")  # fmt: skip
"""Character sets that can wait."""
UNZIPS = "encodings.cp437"
"""The one that file names in zips are read with, before any part can be unpacked."""
MAGIC = importlib.util.MAGIC_NUMBER + bytes(12)
DATE = (2026, 1, 1, 0, 0, 0)
PLAYED_S = 2.0
AFTERWARDS: tuple[dict[str, Any], ...] = (
    {"do": "follow", "request": 0}, {"do": "export"}, {"do": "rewind", "to_s": 0.5},
)  # fmt: skip


def played(labs: Iterable[Packed]) -> None:
    """Open each lab, let time pass, and ask for all that a page asks for."""
    told: list[dict[str, Any]] = []
    tab = started(
        lambda _, text: told.append(json.loads(text)),
        json.dumps(list(labs)),
        lambda name: (OUT / name).read_text(),
    )
    for lab in labs:
        commands: list[dict[str, Any]] = [
            {"do": "hello"},
            {"do": "lesson", "lab": lab.slug},
            {
                "do": "open",
                "experiment": {
                    "lab": lab.slug,
                    "faults": "lab",
                    "duration_s": PLAYED_S,
                    "script": [],
                },
            },
            {"do": "messages", "on": True},
            {"do": "step", "by": "request"},
            {"do": "step", "by": "event"},
            {"do": "act", "operation": {"do": "pace", "times": 2}},
            {"do": "act", "operation": {"do": "heal all"}},
            {"do": "advance", "to_s": PLAYED_S},
        ]
        for command in commands:
            tab.take("a", json.dumps(command))
        while tab.pass_time(0.1) >= 0:
            pass
        for command in AFTERWARDS:
            tab.take("a", json.dumps(command))
    refused = [one for one in told if one["say"] in ("refused", "failed")]
    if refused:
        raise SystemExit(f"a lab could not be played: {refused[0]}")


def loaded() -> set[str]:
    """Name what has been loaded, by its path below the stage: `stdlib/...` or `app/...`."""
    zipped = ZIPPED.format(sys.version_info)
    files = set()
    for module in sys.modules.copy().values():
        file = getattr(module, "__file__", None) or ""
        if file.startswith(zipped):
            files.add(f"stdlib/{file.removeprefix(zipped)}")
        elif file.startswith(f"{STAGE}/"):
            files.add(str(Path(file).relative_to(STAGE)))
    return files


def part_of(file: str, seen: set[str]) -> str:
    """Say which zip a file of the stage belongs to."""
    top, _, rest = file.partition("/")
    if dotted(rest).split(".")[0] in REDIS or rest.startswith("fakeredis-"):
        return "redis"
    if top == "app" and rest.startswith(("harness/", "services/", "labs/")):
        return "core"
    if file in seen or (top == "stdlib" and _starts(dotted(rest))):
        return "stdlib" if top == "stdlib" else "core"
    return "rest"


def _starts(module: str) -> bool:
    named = any(module == one or module.startswith(f"{one}.") for one in STARTS)
    return module == UNZIPS or (named and not module.startswith(NEVER))


def dotted(path: str) -> str:
    """Give a module's name, or a package's, by the path of its file."""
    parts = PurePosixPath(path.removesuffix(".py")).parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def packed(file: Path, name: str) -> tuple[str, bytes]:
    """Give what is put into a zip for a file: bytecode for a module."""
    data = file.read_bytes()
    if file.suffix != ".py":
        return name, data
    code = compile(data, name, "exec", dont_inherit=True, optimize=0)
    return f"{name.removesuffix('.py')}.pyc", MAGIC + marshal.dumps(code)


def write(parts: Mapping[str, list[str]]) -> None:
    """Write the zips: the same files give the same bytes."""
    for part, files in parts.items():
        with zipfile.ZipFile(OUT / f"{part}.zip", "w", zipfile.ZIP_STORED) as made:
            for file in sorted(files):
                name, data = packed(STAGE / file, file.partition("/")[2])
                made.writestr(zipfile.ZipInfo(name, DATE), data)


def main() -> None:
    """Pack what is staged."""
    labs = [Packed(*lab) for lab in json.loads((STAGE / "labs.json").read_text())]
    played(labs)
    seen = loaded()
    parts: dict[str, list[str]] = {"stdlib": [], "core": [], "redis": [], "rest": []}
    for top in (STDLIB, APP):
        for path in sorted(top.rglob("*")):
            if path.is_file():
                file = str(path.relative_to(STAGE))
                parts[part_of(file, seen)].append(file)
    write(parts)
    names = {
        part: [dotted(file.partition("/")[2]) for file in parts[part] if file.endswith(".py")]
        for part in ("redis", "rest")
    }
    info = json.loads((STAGE / "python.json").read_text())
    bundle = {"labs": labs, "parts": names, "python": info}
    (OUT / "bundle.json").write_text(json.dumps(bundle, separators=(",", ":")))


if __name__ == "__main__":
    main()
