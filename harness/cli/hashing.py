"""Lets a command run with one order of sets in every process, however it was started."""

import os
import sys

VARIABLE = "PYTHONHASHSEED"
SAME = "0"
"""What makes Python hash texts alike in all processes; `./lab` sets it."""


def settle() -> None:
    """Start this process anew if its hashes are drawn; to be called before anything is done.

    A service that goes through a set would else give another recording each time. What the person
    has set is overruled: a seed of their own would give runs that nobody else sees.
    """
    if os.environ.get(VARIABLE) == SAME:
        return
    os.environ[VARIABLE] = SAME
    if sys.flags.hash_randomization and sys.executable:
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves
