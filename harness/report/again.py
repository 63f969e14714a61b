"""The command that repeats a run."""

import shlex
from collections.abc import Iterator

from harness.report.panels import by_variant
from harness.result import Result

ENGINES = {("sim",): "sim", ("compose",): "compose", ("sim", "compose"): "both"}


def command(result: Result) -> str:
    """Write it as for a shell, with everything that decides what the run does."""
    return shlex.join(["./lab", "run", result.slug, *_options(result)])


def _options(result: Result) -> Iterator[str]:
    ran = tuple(dict.fromkeys(recording.engine for recording in result.recordings))
    if ran in ENGINES:
        yield from ("--engine", ENGINES[ran])
    if result.left_out:
        yield from (word for name in by_variant(result) for word in ("--variant", name))
    yield from result.options
    yield from ("--seed", str(result.seed))
