"""The errors that a user can meet, and the exit code that each ends with."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to a shell or a CI job."""

    AS_EXPECTED = 0
    EXPECTATION_FAILED = 1
    INCONCLUSIVE = 2
    BUG = 3
    INTERRUPTED = 130


class ChaoslabError(Exception):
    """Something that the user can mend; the message is one line that says how."""

    exit_code = ExitCode.INCONCLUSIVE


class LabError(ChaoslabError):
    """A lab's definition is wrong: a typo, an unknown target, a fault past the end."""


class EnvironmentNotReadyError(ChaoslabError):
    """Something outside the lab is missing: an engine, an image, disk space."""


class FaultNotAppliedError(ChaoslabError):
    """A fault was asked for and did not happen, so no result can be trusted."""
