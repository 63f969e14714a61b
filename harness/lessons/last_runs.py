"""Which runs a lesson shows: each engine's last one of the lab as it is, if it proves the lab."""

from pathlib import Path

from harness import store
from harness.catalogue import Entry
from harness.checks.verdict import Verdict, verdict_of
from harness.errors import EnvironmentNotReadyError
from harness.lessons import rewrite
from harness.lessons.evidence import ENGINES, LESSON, SEED, Evidence, Half, gathered, load
from harness.model.definition import definition
from harness.report.panels import called


def evidence_of(entry: Entry) -> tuple[Evidence, list[str]]:
    """Give what the lesson is to show, and a line about each engine that has nothing to show.

    What is kept beside the lesson stays until there is a newer run, or until the lab changes.

    Raises:
        EnvironmentNotReadyError: nothing was simulated.

    """
    kept, made, remarks = load(entry), Evidence(), list[str]()
    for engine in ENGINES:
        runs, turned_down = _usable(entry, engine)
        old = kept.get(engine)
        if runs:
            made[engine] = _measured(entry, engine, runs[0])
        elif old and old.definition == definition(entry.lab):
            made[engine] = old
        else:
            remarks.append(_missing(entry, engine, turned_down))
    if "sim" not in made:
        raise EnvironmentNotReadyError(remarks[0])
    return made, remarks


def _missing(entry: Entry, engine: str, turned_down: list[str]) -> str:
    why = f" ({turned_down[0]})" if turned_down else ""
    again = f"./lab run {entry.slug} --engine {engine} makes one"
    return f"no {called(engine)} run of {entry.slug} as it is{why}; {again}"


def _usable(entry: Entry, engine: str) -> tuple[list[Path], list[str]]:
    """Give the runs of an engine that will do, newest first, and why others will not."""
    usable, turned_down = [], []
    for run in store.newest_first(entry.slug):
        kept = store.kept(run)
        variants = {variant for where, variant in kept.recorded if where == engine}
        if not variants:
            continue
        problem = _problem(entry, engine, run, kept, variants)
        if problem:
            turned_down.append(f"{run.name} {problem}")
        else:
            usable.append(run)
    return usable, turned_down


def _problem(entry: Entry, engine: str, run: Path, kept: store.Kept, variants: set[str]) -> str:
    """Say why a run will not do; "" when it will."""
    if kept.definition != definition(entry.lab):
        return (
            "is of another version of the lab" if kept.definition else "does not say of which lab"
        )
    if kept.seed != SEED:
        return f"has seed {kept.seed}, lessons have {SEED}"
    missing = [one.name for one in entry.lab.variants if one.name not in variants]
    if missing:
        return f"is without {', '.join(missing)}"
    verdict = verdict_of([one for one in store.controls(run) if one.engine == engine])
    return "" if verdict is Verdict.PASS else f"is {verdict.value}"


def _measured(entry: Entry, engine: str, run: Path) -> Half:
    recordings = [store.recording(run, engine, one.name) for one in entry.lab.variants]
    lesson = (entry.folder / LESSON).read_text()
    texts = rewrite.texts(lesson) if engine == "sim" else []
    return gathered(entry, store.kept(run).day, recordings, texts)
