"""Labs in a browser's tab: what a first visit fetches, when a lab stands, what a slice takes.

A slice is 0.1 virtual seconds of a session, with all that it tells the page; what is measured is
the engine's answer in the page, without drawing it. The same slice does the same work in each run,
so the least of its times counts, which another program has disturbed least. It needs Node, npm and
a Chromium. On a machine that does other work, `--node` measures the CPU time of slices: the same
engine runs in Node, which has Chromium's V8 and can tell its CPU time.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from playwright.sync_api import Browser, BrowserContext

from benchmarks.tables import Table, quantile, show, spread
from harness import catalogue
from harness.model import Broken
from harness.site.build import build
from tests.live.console_page import browser
from tests.site.static_server import Site, served

SLICE_S = 0.1
IN_NODE = Path(__file__).with_name("tab_in_node.mjs")
LAB = "config-push"
FIRST = f"#lab={LAB}"
STANDS = "main[data-state=ready]"
PLAYABLE = "main[data-state=ready][data-engine=ready]"
STORM_S = 5.0
"""So long is the dearest part of a run, outside of which slices are told of by themselves."""
SLICES = """async ([lab, variant, duration_s, slice_s]) => {
    const worker = window.engine ??= new Worker('engine/worker.mjs', { type: 'module' });
    let hear = () => {};
    const ready = window.ready ??= new Promise((done) => (hear = ({ ready }) => ready && done()));
    worker.onmessage = ({ data }) => hear(data);
    await ready;
    const session = `${lab} ${variant}`;
    const say = (message, to_s = 0) => new Promise((done, fail) => {
        hear = ({ text, failed }) => {
            const told = text ? JSON.parse(text) : { say: 'failed', why: failed };
            if (told.say === 'tick' && told.at_s > to_s - 1e-6) done(told);
            else if (['refused', 'failed'].includes(told.say)) fail(new Error(told.why));
        };
        worker.postMessage({ session, text: JSON.stringify({ id: 1, ...message }) });
    });
    const experiment = { lab, variant, seed: 1, faults: 'lab', duration_s, script: [] };
    await say({ do: 'open', experiment });
    const took = [];
    for (let at = 1; at * slice_s < duration_s + 1e-9; at++) {
        const began = performance.now();
        const to_s = Math.round(at * slice_s * 1e6) / 1e6;
        await say({ do: 'advance', to_s }, to_s);
        took.push(performance.now() - began);
    }
    worker.postMessage({ session, close: true });
    return took;
}"""
Played = tuple[str, str, float, float]
"""A lab, its variant, how long it is played, and its slices, in seconds of the run."""
SQUEEZE = """
const zlib = require("zlib"), fs = require("fs");
const params = { [zlib.constants.BROTLI_PARAM_LGWIN]: 22 };
for (const name of process.argv.slice(1)) {
    const data = fs.readFileSync(name);
    console.log(data.length, zlib.brotliCompressSync(data, { params }).length,
        zlib.gzipSync(data, { level: 9 }).length);
}
"""


def fetched(site: Path) -> Table:
    """Measure what a first visit of a lab without a Redis fetches, and what may come later."""
    engine = site / "engine"
    parts = {
        "Python, compiled to WebAssembly": [engine / "pyodide" / "pyodide.asm.wasm"],
        "its JavaScript": sorted((engine / "pyodide").glob("*.mjs")),
        "its library, of which labs load this": [engine / "stdlib.wasm"],
        "simulator, labs, aiohttp": [engine / "core.wasm"],
        "the page": [*(site / "play").iterdir(), engine / "worker.mjs", engine / "bundle.json"],
        "opening and lesson of a lab": [
            engine / "hello.json",
            *sorted(engine.glob(f"*/{LAB}.json")),
        ],
        "first visit": [],
        "labs with a Redis, more": [engine / "redis.wasm"],
        "what is rarely needed": [engine / "rest.wasm"],
    }
    table = Table(title="Bundle, MB", columns=("part", "as it is", "brotli", "gzip"))
    total: tuple[int, ...] = (0, 0, 0)
    for name, files in parts.items():
        sizes = squeezed(files) if files else total
        if files:
            total = tuple(map(sum, zip(total, sizes, strict=True)))
        table.add(name, *(f"{size / 1e6:.2f}" for size in sizes))
    return table


def squeezed(files: list[Path]) -> tuple[int, ...]:
    """Give the sizes of files together: as they are, by brotli at its best, and by gzip."""
    done = subprocess.run(  # noqa: S603 - our own script
        ["node", "-e", SQUEEZE, *map(str, files)],  # noqa: S607 - which of them is the user's choice
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [map(int, line.split()) for line in done.stdout.splitlines()]
    return tuple(sum(column) for column in zip(*rows, strict=True))


def visits(chromium: Browser, site: Site, times: int) -> Table:
    """Measure how long it takes until a lab is on the screen, and until it can be played.

    At the first visit, and at the second.
    """
    table = Table(
        title=f"From the address to a lab, s, {times} visits each",
        columns=("visit", "it stands", "it can be played"),
    )
    took: dict[str, list[list[float]]] = {"first": [], "again": []}
    for _ in range(times):
        context = chromium.new_context()
        for kept in took.values():
            kept.append(visited(context, f"{site.address}/play/index.html{FIRST}"))
        context.close()
    for name, kept in took.items():
        table.add(name, *(spread(column, ".2f") for column in zip(*kept, strict=True)))
    return table


def visited(context: BrowserContext, address: str) -> list[float]:
    """Open a lab; give the seconds until it stands, and until it can be played."""
    page = context.new_page()
    took = []
    began_s = time.perf_counter()
    page.goto(address, wait_until="commit")
    for selector in (STANDS, PLAYABLE):
        page.wait_for_selector(selector)
        took.append(time.perf_counter() - began_s)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.close()
    return took


def slices(
    title: str, took: Callable[[list[Played]], list[list[float]]], runs: int, labs: Sequence[str]
) -> Table:
    """Measure the variant of each lab that breaks, or its first, slice by slice."""
    table = Table(
        title=f"{title}, {runs} runs each",
        columns=("lab", "variant", "p50", "p95", "most", f"p95 outside the dearest {STORM_S:g} s"),
    )
    for slug in labs:
        lab = catalogue.find(slug).lab
        broken = (one for one in lab.variants if isinstance(one, Broken))
        variant = next(broken, lab.variants[0])
        played = (slug, variant.name, lab.duration_s, SLICE_S)
        least = [min(same) for same in zip(*took([played] * runs), strict=True)]
        numbers = (quantile(least, 0.5), quantile(least, 0.95), max(least))
        outside = quantile(calm(least), 0.95)
        table.add(slug, variant.name, *(f"{number:.0f}" for number in (*numbers, outside)))
    return table


def slices_in_page(chromium: Browser, site: Site, runs: int, labs: Sequence[str]) -> Table:
    """Measure slices in a worker of a page, by the clock."""
    page = chromium.new_page()
    page.set_default_timeout(0)
    page.goto(f"{site.address}/episodes.html")
    title = f"A slice of {SLICE_S:g} virtual seconds, ms"
    table = slices(
        title, lambda asked: [page.evaluate(SLICES, [*one]) for one in asked], runs, labs
    )
    page.close()
    return table


def slices_in_node(folder: Path, runs: int, labs: Sequence[str]) -> Table:
    """Measure slices in Node, by the CPU time that they take."""
    title = f"A slice of {SLICE_S:g} virtual seconds in Node, ms of CPU"
    return slices(title, lambda asked: played_in_node(folder, asked), runs, labs)


def played_in_node(folder: Path, asked: list[Played]) -> list[list[float]]:
    """Play labs one after the other in one process; give the milliseconds of each one's slices."""
    done = subprocess.run(  # noqa: S603 - our own script
        ["node", IN_NODE, folder],  # noqa: S607 - which of them is the user's choice
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    took: list[list[float]] = json.loads(done.stdout)
    return took


def calm(took: list[float]) -> list[float]:
    """Leave out the dearest few seconds, one after the other."""
    size = round(STORM_S / SLICE_S)
    starts = range(len(took) - size + 1)
    worst = max(starts, key=lambda start: sum(took[start : start + size]))
    return took[:worst] + took[worst + size :]


@click.command()
@click.argument("names", nargs=-1)
@click.option("--runs", default=3, show_default=True, help="How often each lab runs.")
@click.option("--times", default=7, show_default=True, help="How often a lab is visited.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write the tables here too.")
@click.option("--site", "folder", type=click.Path(path_type=Path), help="One that is made already.")
@click.option("--node", is_flag=True, help="Slices alone, by their CPU time, without a browser.")
def main(  # noqa: PLR0913 - one parameter for each option
    names: Sequence[str],
    runs: int,
    times: int,
    markdown: Path | None,
    folder: Path | None,
    *,
    node: bool,
) -> None:
    """Make the site, measure it in a Chromium on this machine, and print tables.

    Slices are those of the labs that are named, or of all.
    """
    labs = names or catalogue.slugs()
    with ExitStack() as stack:
        if folder is None:
            made = tempfile.TemporaryDirectory(prefix="chaoslab-benchmark-")
            folder = Path(stack.enter_context(made)) / "site"
            build(folder, playable=True)
        if node:
            tables = [slices_in_node(folder, runs, labs)]
        else:
            site, chromium = stack.enter_context(served(folder)), stack.enter_context(browser())
            tables = [
                visits(chromium, site, times),
                slices_in_page(chromium, site, runs, labs),
                fetched(folder),
            ]
    show(tables, markdown)


if __name__ == "__main__":
    main()
