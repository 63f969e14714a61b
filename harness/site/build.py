"""Building the site into a folder: pages, the console, the bundle, and what keeps it offline."""

import hashlib
import json
import shutil
from pathlib import Path

from harness import labs_folder
from harness.errors import EnvironmentNotReadyError, LabError
from harness.live.server import PAGE
from harness.site import bundle, pages
from harness.site.pages import STATIC

MARK = ".chaoslab-site"
"""What a folder has that was made here, and may be made anew."""
LATER = ("engine/redis.wasm", "engine/rest.wasm", "engine/openings/")
"""What is fetched, and then kept, by those labs alone that need it: by how its names begin."""
CALCULATORS = ("calculators/", "engine/calc.wasm")
"""What is kept only for visitors who have computed something: by how its names begin."""
CHANGED = {
    '<meta charset="utf-8">': f'<meta charset="utf-8">\n{pages.POLICY}',
    '<span class="mark" id="mark">Chaoslab</span>': (
        '<a class="mark" id="mark" href="../index.html">Chaoslab</a>'
    ),
    '<a class="link" id="show-tools" href="#tools" hidden>': (
        '<a class="link" id="show-tools" href="../tools.html" hidden>'
    ),
    'class="wide" title="Another window that follows this one, for a projector"': "hidden",
    '<section id="further"': (
        '<p class="muted">A second screen, and a vote by the phones of a class, take a console on '
        'your own machine: <code>./lab play</code></p>\n    <section id="further"'
    ),
}
"""Edits of the console's page: what it has here, in place of what it has on a server.

Sessions of a tab are its own: no other window can look at them, and nobody's phone.
"""
STYLE = "\n.bar a.mark { color: inherit; text-decoration: none; }\n"


def build(out: Path, *, playable: bool) -> None:
    """Make the site, beside the folder, and put it in its place when it is whole.

    Raises:
        LabError: the folder holds something that was not made here.
        EnvironmentNotReadyError: what the bundle is made of is missing.

    """
    if labs_folder.chosen():
        raise LabError("a site shows the project's own labs; leave --labs out")
    _refuse_foreign(out)
    making = out.with_name(f".{out.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    try:
        making.mkdir(parents=True)
        (making / MARK).touch()
        pages.write(making, playable=playable)
        if playable:
            _console(making / "play")
            bundle.make(making / "engine")
            shutil.copy(STATIC / "worker.mjs", making / "engine")
            _offline(making)
        shutil.rmtree(out, ignore_errors=True)
        making.rename(out)
    except OSError as error:
        raise EnvironmentNotReadyError(f"{out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _refuse_foreign(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise LabError(f"{out} is a file; name a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).exists():
        raise LabError(f"{out} holds other files; name a new folder, or an empty one")


def _console(to: Path) -> None:
    """Copy the console's page, with a transport to a worker in place of that to a server.

    It links back to the index, and has the policy that the console's server sends as a header.
    """
    shutil.copytree(PAGE, to)
    for name in ("transport.mjs", "openings.mjs"):
        shutil.copy(STATIC / name, to)
    page = to / "index.html"
    text = page.read_text(encoding="utf-8")
    for old, new in CHANGED.items():
        text = _replaced(text, old, new)
    page.write_text(text, encoding="utf-8")
    with (to / "style.css").open("a", encoding="utf-8") as style:
        style.write(STYLE)


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise AssertionError(f"the console's page has {old} {text.count(old)} times")
    return text.replace(old, new)


def _offline(out: Path) -> None:
    """Write the service worker: it knows every file, and another site has another version."""
    digest = hashlib.sha256()
    names: list[str] = []
    more: list[str] = []
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_file() and name != MARK:
            digest.update(name.encode() + path.read_bytes())
            kept = more if name.startswith(CALCULATORS) else names
            kept += [] if name.startswith(LATER) else [name]
    text = (STATIC / "offline.js").read_text(encoding="utf-8")
    text = text.replace("{{ version }}", digest.hexdigest()[:16])
    text = text.replace("{{ files }}", json.dumps({"rest": ["./", *names], "calculators": more}))
    (out / "offline.js").write_text(text, encoding="utf-8")
