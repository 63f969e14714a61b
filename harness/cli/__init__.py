"""The command line: one file for each command, one boundary for every error."""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = b"chaoslab: interrupted. All containers and processes of this run were stopped.\n"


def _leave(number: int, _: FrameType | None) -> None:
    """End at once: until the command line is read, there is nothing to clean up."""
    del number
    os.write(2, INTERRUPTED)
    os._exit(130)


if sys.argv[0] == "-m":  # Python has not imported yet what it is to run
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, _leave)
