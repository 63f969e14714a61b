"""Labs as pytest's items: each is checked by the command line, in a process of its own.

So what a lab is checked with is what `check` has, whatever pytest's plugins and warnings have made
of this process; and a repository's own package `services` cannot be taken for Chaoslab's. Nothing
of ours is imported here. A lab under one seed is checked once for all its items, also where
pytest-xdist has spread them over processes: the first one holds a lock and leaves its results in a
file.
"""

import fcntl
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[1]
OWN = ROOT / "labs"
LISTING_LIMIT_S = 120
TELLS_APART = "tells apart"
FAIL, INCONCLUSIVE = "FAIL", "INCONCLUSIVE"
SEEDS = re.compile(r"(?:([1-9]\d*)-)?([1-9]\d*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A lab as `harness.cli.listing` tells of it; `error` says why it has no variants."""

    slug: str
    track: str
    file: str
    variants: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line of pytest has asked for; `labs` is empty for Chaoslab's own."""

    labs: str
    engine: str
    seeds: str
    folder: str
    """Where results are kept while pytest runs."""

    def command(self, *words: str) -> list[str]:
        """Give the words of a command on these labs."""
        return [*words, *(("--labs", self.labs) if self.labs else ())]

    def all_seeds(self) -> range:
        """Give the seeds; their text was looked at when it was read."""
        found = SEEDS.fullmatch(self.seeds)
        return range(int(found[1] or 1), int(found[2]) + 1) if found else range(1, 2)


def add_options(parser: pytest.Parser) -> None:
    """Add `--seeds`, `--seed` and `--engine`, under longer names too, which nobody else has."""
    taken = {
        name
        for group in (*parser._groups, parser._anonymous)  # noqa: SLF001 - pytest has no other way
        for option in group.options
        for name in option.names()
    }
    group = parser.getgroup("chaoslab")

    def add(name: str, **more: Any) -> None:  # noqa: ANN401 - argparse's own
        short = f"--{name}"
        group.addoption(f"--labs-{name}", *({short} - taken), **more)

    seeds = {"dest": "labs_seeds", "default": "1"}
    add("seeds", metavar="N|A-B", help="How many, from 1 on, or the first and the last.", **seeds)
    add("seed", metavar="N", type=_alone, help="This one alone.", **seeds)
    add("engine", dest="labs_engine", default="sim", help="sim or compose.")


def _alone(seed: str) -> str:
    return f"{seed}-{seed}"


def configure(config: pytest.Config, ini: str) -> None:
    """Find the labs, and let them be collected."""
    given: dict[str, Any] | None = getattr(config, "workerinput", {}).get("chaoslab")
    if given:
        asked = Asked(**given["asked"])
        labs = [Listed(**one | {"variants": tuple(one["variants"])}) for one in given["labs"]]
    else:
        asked = _asked(config, ini)
        labs = _listing(asked)
        if not config.option.collectonly:
            asked = replace(asked, folder=tempfile.mkdtemp(prefix="chaoslab-pytest-"))
    for line in (
        "lab(slug): checks a lab of Chaoslab.",
        "track(name): the track that a lab stands in.",
        "variant(name): checks one variant of a lab.",
        "engine(name): what a lab is checked on, sim or compose.",
    ):
        config.addinivalue_line("markers", line)
    plugin = Labs(config, asked, labs, owns=not given)
    config.pluginmanager.register(plugin, "chaoslab-labs")


def _asked(config: pytest.Config, ini: str) -> Asked:
    named = config.option.labs or config.getini(ini)
    home = _home(config, named)
    seeds, engine = str(config.option.labs_seeds), config.option.labs_engine
    found = SEEDS.fullmatch(seeds)
    if not found or int(found[1] or 1) > int(found[2]):
        raise pytest.UsageError(
            f"--seeds {seeds}: write how many, from 1 on, or the first and the last, as in 41-80"
        )
    if engine not in {"sim", "compose"}:
        raise pytest.UsageError(f"--engine {engine}: write sim or compose")
    return Asked(labs=home, engine=engine, seeds=seeds, folder="")


def _home(config: pytest.Config, named: str) -> str:
    """Give the folder of the labs; empty for Chaoslab's own."""
    above = config.invocation_params.dir if config.option.labs else config.rootpath
    folder = above / (named or "labs")
    if not named and not folder.is_dir():
        return ""
    is_own = folder.is_dir() and OWN.is_dir() and folder.samefile(OWN)
    return "" if is_own else str(folder)


def _listing(asked: Asked) -> list[Listed]:
    """Load all labs in a process of its own and take down their names and variants."""
    try:
        done = _python("harness.cli.listing", asked.labs, limit_s=LISTING_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        said = (
            f"--labs: a lab has been loading for {LISTING_LIMIT_S} s; ./lab show NAME tells which"
        )
        raise pytest.UsageError(said) from error
    if done.returncode:
        raise pytest.UsageError(_last_line(done))
    return [Listed(**one | {"variants": tuple(one["variants"])}) for one in json.loads(done.stdout)]


def _python(*words: str, limit_s: float | None = None) -> subprocess.CompletedProcess[str]:
    """Run a module of ours as the launcher does: texts hash alike, our packages come first."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    same = {"PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "COLUMNS": "200"}
    left_out = ("PYTHONOPTIMIZE", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE", "PYTHONWARNINGS")
    there = {name: value for name, value in os.environ.items() if name not in left_out}
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-P", "-m", *words],
        env=there | same,
        capture_output=True,
        text=True,
        check=False,
        timeout=limit_s,
    )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    *_, line = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
    return line.removeprefix("chaoslab: ")


class Labs:
    """Adds the items, and tells what proves nothing apart from what fails."""

    def __init__(
        self, config: pytest.Config, asked: Asked, labs: list[Listed], *, owns: bool
    ) -> None:
        self._groups = config.pluginmanager.hasplugin("xdist")
        self._asked = asked
        self._labs = labs
        self._owns = owns

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist's own type
        """Tell a process of xdist what was found, so that labs are listed once."""
        node.workerinput["chaoslab"] = {
            "asked": asdict(self._asked),
            "labs": [asdict(one) for one in self._labs],
        }

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Add an item for each lab, for its claims across variants, and for each variant."""
        folder = Folder.from_parent(session, name="labs", nodeid="labs")
        folder.items = list(self._items(folder))
        report = pytest.CollectReport(folder.nodeid, "passed", None, [*folder.items])
        session.ihook.pytest_collectreport(report=report)  # or the terminal would not count them
        items += folder.items

    def _items(self, above: "Folder") -> Iterator["LabItem"]:
        seeds = self._asked.all_seeds()
        for lab in self._labs:
            for seed in seeds:
                for variant in (*lab.variants, None):
                    item = LabItem.made(above, lab, variant, seed, self._asked)
                    if self._groups:
                        item.add_marker(pytest.mark.xdist_group(f"{lab.slug}-{seed}"))
                    yield item

    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Call an error that is INCONCLUSIVE by its name."""
        if report.when == "setup" and ("verdict", INCONCLUSIVE) in map(
            tuple, report.user_properties
        ):
            return "error", "?", (INCONCLUSIVE, {"yellow": True})
        return None

    def pytest_unconfigure(self) -> None:
        """Remove the results."""
        if self._owns and self._asked.folder:
            shutil.rmtree(self._asked.folder, ignore_errors=True)


class Folder(pytest.Collector):
    """What stands above all labs; they are added when all else has been collected."""

    items: "list[LabItem]"

    def collect(self) -> "list[LabItem]":
        """Give the items."""
        return self.items


class LabItem(pytest.Item):
    """A variant of a lab under a seed; without a variant, what must tell the variants apart."""

    lab: Listed
    variant: str | None
    seed: int
    asked: Asked

    @classmethod
    def made(
        cls, above: Folder, lab: Listed, variant: str | None, seed: int, asked: Asked
    ) -> "LabItem":
        """Make an item: `labs/retry-storm[naive]`, with the seed where there are several."""
        several = len(asked.all_seeds()) > 1
        words = [*([variant] if variant else []), *([f"seed{seed}"] if several else [])]
        name = f"{lab.slug}[{'-'.join(words)}]" if words else lab.slug
        item: LabItem = cls.from_parent(above, name=name, nodeid=f"labs/{name}")
        item.lab, item.variant, item.seed, item.asked = lab, variant, seed, asked
        item.add_marker(pytest.mark.lab(slug=lab.slug))
        item.add_marker(pytest.mark.track(name=lab.track))
        item.add_marker(pytest.mark.engine(name=asked.engine))
        if variant:
            item.add_marker(pytest.mark.variant(name=variant))
        return item

    def setup(self) -> None:
        """Check the lab, unless another item has; what proves nothing is an error."""
        self.found = _found(self.lab.slug, self.seed, self.asked)
        if self.found["error"]:
            self._end("could not be checked", [f"  {self.found['error']}"])
        # What sets a lab up keeps its claims across variants from proving anything too.
        scope = self._controls() if self.variant else self.found["controls"]
        bad = [one for one in scope if one["verdict"] == INCONCLUSIVE]
        if bad:
            self._end(INCONCLUSIVE, [*map(_line, bad), self._again()])

    def runtest(self) -> None:
        """Fail if one of the item's claims does not hold, with a line for each."""
        bad = [one for one in self._controls() if one["verdict"] == FAIL]
        if bad:
            self._end(FAIL, [*map(_line, bad), self._again()])
        self.user_properties.append(("verdict", "PASS"))

    def _controls(self) -> list[dict[str, Any]]:
        """Give the controls that are this item's: what tells variants apart is the lab's."""
        return [
            one
            for one in self.found["controls"]
            if (one["kind"] == TELLS_APART) == (self.variant is None)
            and self.variant in {None, one["variant"]}
        ]

    def _end(self, said: str, lines: list[str]) -> NoReturn:
        """End with the claims, and without the lines of Python that compared them."""
        verdict = FAIL if said == FAIL else INCONCLUSIVE
        self.user_properties.append(("verdict", verdict))
        told = [f"{self.name}, seed {self.seed}: {said}", *lines]
        pytest.fail("\n".join(told), pytrace=False)

    def _again(self) -> str:
        words = ("run", self.lab.slug, "--engine", self.asked.engine, "--seed", str(self.seed))
        program = "./lab" if (ROOT / "lab").is_file() else "chaoslab"
        here = self.config.invocation_params.dir
        labs = Path(self.asked.labs)
        shown = labs.relative_to(here) if labs.is_relative_to(here) else labs
        asked = replace(self.asked, labs=str(shown) if self.asked.labs else "")
        return f"  see it again: {shlex.join([program, *asked.command(*words)])}"

    def reportinfo(self) -> tuple[Path, None, str]:
        """Give the lab's file, and what a heading calls the item."""
        return Path(self.lab.file), None, self.name


def _line(control: dict[str, Any]) -> str:
    return f"  {control['variant']}, {control['kind']}: {control['claim']}; {control['said']}"


def _found(slug: str, seed: int, asked: Asked) -> dict[str, Any]:
    """Give what a check of a lab found; check it if nobody has, one after another on containers."""
    path = Path(asked.folder, f"{slug}-{seed}.jsonl")
    lock = "containers" if asked.engine == "compose" else path.stem
    with path.with_name(f"{lock}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not path.exists():
            path.write_text(_checked(slug, seed, asked))
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _checked(slug: str, seed: int, asked: Asked) -> str:
    """Check a lab; give its results as JSON."""
    results = Path(asked.folder, f"{slug}-{seed}.part")
    words = ("check", slug, "--engine", asked.engine, "--seeds", f"{seed}-{seed}", "--jobs", "1")
    done = _python("harness.cli", *asked.command(*words), "--results", str(results))
    with suppress(OSError):
        _, *lines = results.read_text().splitlines()
        results.unlink()
        if lines:
            return lines[0]
    return json.dumps({"error": _last_line(done), "controls": []})
