"""What a person types to start Chaoslab: `./lab` in the repository, `chaoslab` once installed."""

import shlex
from pathlib import Path

from harness import catalogue

ON_LABS = ("check", "list", "new", "play", "prove", "run", "show", "show-trace", "sweep")
"""Commands that work on somebody else's labs too."""
_more: list[str] = []


def name() -> str:
    """Give the program's name."""
    return "./lab" if catalogue.IS_CHECKOUT else "chaoslab"


def remember(labs: Path) -> None:
    """Add the folder of labs that this command line named to every command that is proposed."""
    _more[:] = ["--labs", str(labs)]


def command(*words: str) -> str:
    """Write a command for the person to type."""
    return shlex.join([name(), *words, *_more])


def named(line: str) -> str:
    """Put the program's name into a message, which is written for the repository."""
    return line if catalogue.IS_CHECKOUT else line.replace("./lab ", f"{name()} ")


def proposed(line: str) -> str:
    """Make a command, written for the repository, one to type here, on the same folder of labs.

    It ends with the line, or before three spaces and what is said of it.
    """
    before, start, after = line.partition("./lab ")
    words, gap, said = after.partition("   ")
    if not start or words.split()[0] not in ON_LABS:
        return named(line)
    return before + " ".join([name(), words, *map(shlex.quote, _more)]) + gap + said
