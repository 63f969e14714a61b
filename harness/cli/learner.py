"""A learner's guess: asked once before a run, remembered, and held against what the run shows."""

import json
import os
import sys
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from harness import store
from harness.cli.tables import paragraph
from harness.errors import EnvironmentNotReadyError
from harness.model.reading import Question
from harness.result import Result

KEPT = "learner.json"
"""Where guesses and experiments are remembered, under `runs/`."""
GUESSES, TRIED = "guesses", "tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a learner has answered: the number of a choice, from 1; 0 for none."""

    question: Question
    number: int


def may_ask(console: Console) -> bool:
    """Whether somebody is there to answer: a terminal on both sides, and no CI."""
    return console.is_terminal and sys.stdin.isatty() and not os.environ.get("CI")


def guessed(console: Console, slug: str, question: Question) -> Guess:
    """Ask for a guess, unless it was asked before; then show what it was."""
    known = _memory().get(GUESSES, {}).get(_key(slug, question))
    if known is None:
        known = _asked(console, question)
        remember(GUESSES, _key(slug, question), known)
    elif known:
        paragraph(console, f"{_line(question)}  > {known}", "cyan")
    console.print()
    return Guess(question=question, number=known)


def reply(result: Result, guess: Guess | None) -> str:
    """Say how the guess did, by the choices that are true of this run; empty without a guess."""
    if guess is None or not guess.number:
        return ""
    question = guess.question
    runs = [run for run in result.recordings if run.variant == question.on]
    # What was measured is nearer to the truth than what was simulated.
    right = [
        number
        for number, choice in enumerate(question.choices, start=1)
        if any(choice.bound.holds(choice.measure.of(run)) for run in runs[-1:])
    ]
    if not right:
        return f"You guessed {guess.number}; in this run none of the answers was right."
    said = question.choices[right[0] - 1].said
    if guess.number in right:
        said = question.choices[guess.number - 1].said
        return f"You guessed {guess.number}, and so it was: {said}."
    return f"You guessed {guess.number}; it was {right[0]}: {said}."


def tried(slug: str) -> list[str]:
    """Give the experiments with a lab that were run, as they were asked for."""
    found: list[str] = _memory().get(TRIED, {}).get(slug, [])
    return found


def remember(what: str, name: str, value: object) -> None:
    """Keep something for the next run.

    Raises:
        EnvironmentNotReadyError: the disk is full, or `runs/` may not be written.

    """
    memory = _memory()
    memory.setdefault(what, {})[name] = value
    try:
        store.RUNS.mkdir(parents=True, exist_ok=True)
        part = store.RUNS / f".{KEPT}"
        part.write_text(json.dumps(memory, indent=1) + "\n")
        part.replace(store.RUNS / KEPT)
    except OSError as error:
        said = f"cannot write {store.RUNS.name}/{KEPT}: {error.strerror}"
        raise EnvironmentNotReadyError(f"{said}; --no-predict asks and keeps nothing") from error


def _memory() -> dict[str, Any]:
    """Read what is remembered; a file that was damaged is as good as none."""
    try:
        found = json.loads((store.RUNS / KEPT).read_text())
    except (OSError, ValueError):
        return {}
    kinds = (GUESSES, TRIED)
    sound = isinstance(found, dict) and all(isinstance(found.get(one, {}), dict) for one in kinds)
    return found if sound else {}


def _key(slug: str, question: Question) -> str:
    """Name a question so that one that was changed is asked anew."""
    return f"{slug}: {question.asks}: {'; '.join(one.said for one in question.choices)}"


def _line(question: Question) -> str:
    choices = (f"{number} {one.said}" for number, one in enumerate(question.choices, start=1))
    return f"Your guess: {question.asks}  {'  '.join(choices)}"


def _asked(console: Console, question: Question) -> int:
    """Ask until there is an answer; Enter, or the end of input, is none."""
    numbers = [str(number) for number in range(1, len(question.choices) + 1)]
    paragraph(console, _line(question), "cyan")
    while True:
        console.print(Text("(Enter skips) > ", "dim"), end="")
        try:
            answer = input().strip()
        except EOFError:
            answer = ""
            console.print()
        if not answer:
            return 0
        if answer in numbers:
            return int(answer)
        said = f"{answer!r} is not one of {', '.join(numbers)}; Enter skips the question"
        paragraph(console, said, "yellow")
