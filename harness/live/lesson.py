"""A lab's lesson as a page shows it: what to predict first, the text, what to try afterwards."""

import json
import re
import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.fault_assignments import FAULT
from harness.lessons.prose import MARKDOWN, plain
from harness.model.fault import Setting

PICTURE = re.compile(r"^!\[.*?\]\(.*?\)\n", re.MULTILINE)
PREDICT, BREAK, ANSWER, RUN = "Predict", "Break the fix", "What you saw", "Run it"
COMMAND = "    ./lab run "
CHOICE = re.compile(r"^\d+\. (.*(?:\n {3}.*)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One of the lesson's experiments: a variant with other settings than its own."""

    said: str
    variant: str
    seed: int | None
    settings: dict[str, Setting]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What stands before the question, the question, its choices, and the rest; all but tries HTML.

    Without `choices` the question is an open one.
    """

    before: str
    question: str
    choices: tuple[str, ...]
    answer: str
    tries: tuple[Try, ...]


def lesson_of(path: Path) -> Lesson | None:
    """Read a lesson; None where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return None
    heads = re.split(r"^## (.*)\n", PICTURE.sub("", plain(text)), flags=re.MULTILINE)
    parts = dict(zip(heads[1::2], heads[2::2], strict=True))
    asked = parts.get(PREDICT, "")
    choices = [] if _is_open(asked) else CHOICE.findall(asked)
    behind = [f"## {name}\n{part}" for name, part in parts.items() if name not in (PREDICT, RUN)]
    first = next((at for at, one in enumerate(behind) if one.startswith(f"## {ANSWER}\n")), 0)
    return Lesson(
        before=MARKDOWN.render(heads[0].partition("\n\n")[2] + "\n".join(behind[:first])),
        question=MARKDOWN.render(CHOICE.sub("", asked) if choices else asked),
        choices=tuple(MARKDOWN.renderInline(re.sub(r"\s+", " ", one)) for one in choices),
        answer=_scrolled(MARKDOWN.render("\n".join(behind[first:]))),
        tries=tuple(_tries(parts.get(BREAK, ""))),
    )


def _is_open(asked: str) -> bool:
    """Say whether what is numbered are questions, and not the answers to one."""
    return any("?" in choice for choice in CHOICE.findall(asked))


def _scrolled(html: str) -> str:
    """Let what may be too wide be scrolled, with the keyboard too."""
    html = html.replace("<th></th>", "<td></td>")
    html = html.replace("<pre>", '<pre tabindex="0">')
    return html.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace(
        "</table>", "</table></div>"
    )


def _tries(part: str) -> list[Try]:
    """Read the commands of a lesson that run one variant with settings of their own."""
    found = [_try(shlex.split(line)) for line in part.splitlines() if line.startswith(COMMAND)]
    return [one for one in found if one is not None]


def _try(words: list[str]) -> Try | None:
    variant, seed, settings = "", None, dict[str, Any]()
    for option, value in pairwise(words):
        match option:
            case "--variant":
                variant = value
            case "--seed":
                seed = int(value)
            case "--set":
                name, _, given = value.partition("=")
                settings[name] = _value(given)
    if not settings or any(name.startswith(FAULT) for name in settings):
        return None  # on a page, faults are done by hand
    said = ", ".join(f"{name} = {value}" for name, value in settings.items())
    also = f", seed {seed}" if seed is not None else ""
    return Try(said=f"{variant}: {said}{also}", variant=variant, seed=seed, settings=settings)


def _value(text: str) -> Setting:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float | str) else text
