"""Packs the bundle of a browser's tab; it runs in the tab's own Python, under Node.

It plays every lab for a moment, and a system of the sandbox, to see what is loaded. Then it writes
five zips of bytecode: `stdlib` and `core` are what every lab has loaded, `redis` what only labs
with a Redis have, `calc` what only the calculators have, and `rest` is everything else, so that
nothing is missing when a rare line is reached.

The zips are stored uncompressed: a server's compression makes them smaller than their own would.
But servers compress by type, and leave zips alone. So each part is also a valid WebAssembly module,
whose one custom section is the zip; a zip is read from its end, whatever stands before it.
"""

import ast
import importlib
import importlib.util
import json
import marshal
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, cast

from harness.live.workbench import SANDBOX
from harness.site.tab import Packed, Tab, started

STAGE, OUT = Path("/stage"), Path("/out")
STDLIB, APP = STAGE / "stdlib", STAGE / "app"
THIS = "app/harness/site/packing.py"
ZIPPED = "/lib/python{0.major}{0.minor}.zip/"
OURS = ("harness/", "services/", "labs/")
CALCULATORS = "harness/calculators/"
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
SECTION = b"zip"
HAS_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
PLAYED_S = 2.0
AFTERWARDS: tuple[dict[str, Any], ...] = (
    {"do": "upcoming"}, {"do": "history"}, {"do": "claims"}, {"do": "picture", "to_s": 1},
    {"do": "follow", "request": 0}, {"do": "export"}, {"do": "rewind", "to_s": 0.5},
)  # fmt: skip


def played(labs: Iterable[Packed]) -> None:
    """Open each lab, let time pass, and ask for all that a page asks for; so also of a sandbox."""
    told: list[dict[str, Any]] = []
    tab = started(
        lambda _, text: told.append(json.loads(text)),
        json.dumps(list(labs)),
        lambda name: (OUT / name).read_text(),
    )

    def say(**command: Any) -> None:  # noqa: ANN401 - fields of any command
        tab.take("a", json.dumps(command))

    for lab in labs:
        say(do="hello")
        say(do="lesson", lab=lab.slug)
        _play(tab, say, lab.slug)
    say(do="library")
    (library,) = [one for one in told if one["say"] == "library"]
    say(do="system", system=library["start"])
    _play(tab, say, SANDBOX)
    refused = [one for one in told if one["say"] in ("refused", "failed")]
    if refused:
        raise SystemExit(f"a lab could not be played: {refused[0]}")


def _play(tab: Tab, say: Callable[..., None], lab: str) -> None:
    own = {"lab": lab, "faults": "lab", "duration_s": PLAYED_S, "script": []}
    say(do="open", experiment=own)
    say(do="messages", on=True)
    say(do="act", operation={"do": "pace", "times": 2})
    say(do="act", operation={"do": "heal all"})
    # Steps come last: a lab's first request may be due after the end of so short a run.
    say(do="step", by="request")
    say(do="step", by="event")
    say(do="advance", to_s=PLAYED_S)
    _pass(tab)
    for command in AFTERWARDS:
        say(**command)
    _pass(tab)


def _pass(tab: Tab) -> None:
    while tab.pass_time(0.1) >= 0:
        pass


def calculated() -> None:
    """Compute a formula as a calculator's page asks for it."""
    answers = importlib.import_module("harness.calculators.answers")
    asked = {"name": "queues.erlang_c", "values": {}, "vary": "servers"}
    if json.loads(answers.answered(json.dumps(asked)))["refused"]:
        raise SystemExit("a calculator does not compute")


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
    if top == "app" and rest.startswith(CALCULATORS):
        return "calc"
    if top == "app" and rest.startswith(OURS):
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
    module = shortened(ast.parse(data), lines=1 if name.startswith(OURS) else 0)
    code = compile(module, name, "exec", dont_inherit=True, optimize=0)
    return f"{name.removesuffix('.py')}.pyc", MAGIC + marshal.dumps(code)


def shortened(module: ast.Module, lines: int) -> ast.Module:
    """Remove docstrings, or cut them to their first lines; assertions stay.

    Libraries run without theirs, as they must under -OO. Ours keep a line: the console shows that
    of each fault, and a dataclass without a docstring computes one whenever it is loaded.
    """
    for node in ast.walk(module):
        if isinstance(node, HAS_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
            if lines:
                said = cast("ast.Constant", cast("ast.Expr", node.body[0]).value)
                said.value = "\n".join(str(said.value).strip().splitlines()[:lines])
            else:
                node.body[:1] = (
                    [] if node.body[1:] else [ast.copy_location(ast.Pass(), node.body[0])]
                )
    return module


def write(parts: Mapping[str, list[str]]) -> None:
    """Write the zips: the same files give the same bytes."""
    for part, files in parts.items():
        held = BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as made:
            for file in sorted(files):
                name, data = packed(STAGE / file, file.partition("/")[2])
                made.writestr(zipfile.ZipInfo(name, DATE), data)
        (OUT / f"{part}.wasm").write_bytes(as_wasm(held.getvalue()))


def as_wasm(data: bytes) -> bytes:
    """Wrap bytes into a WebAssembly module, as its one custom section."""
    named = bytes([len(SECTION)]) + SECTION + data
    return b"\0asm\1\0\0\0" + b"\0" + leb128(len(named)) + named


def leb128(number: int) -> bytes:
    """Write a number as WebAssembly does: seven bits a byte, the lowest first."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + leb128(rest) if rest else bytes([low])


def main() -> None:
    """Pack what is staged."""
    labs = [Packed(*lab) for lab in json.loads((STAGE / "labs.json").read_text())]
    played(labs)
    seen = loaded()
    calculated()
    also = loaded() - seen
    parts: dict[str, list[str]] = {"stdlib": [], "core": [], "redis": [], "calc": [], "rest": []}
    for top in (STDLIB, APP):
        for path in sorted(top.rglob("*")):
            file = str(path.relative_to(STAGE))
            if path.is_file() and file != THIS:
                part = part_of(file, seen)
                parts[part].append(file)
                if part == "rest" and file in also:
                    parts["calc"].append(file)
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
