"""The tests that pass on a real loop and not on the simulator, each with its cause.

They stand in `exceptions.tsv`, a line each: library, cause, and pytest's name of the test. A name
without brackets means all of its parameters. An exception that passes is an error, too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

PASSED = "passed"
TABLE = Path(__file__).with_name("exceptions.tsv")


class Cause(StrEnum):
    """Why a test cannot pass; each is a decision, and none is a bug."""

    CLOCK = "clock"
    CONNECTOR = "connector"
    INSTANT = "instant"
    MOCKED = "mocked"
    PROCESS = "process"
    PROXIED = "proxied"
    REFUSED = "refused"
    SIGNALS = "signals"
    SOCKETS = "sockets"
    TLS = "tls"


MEANING: Mapping[Cause, str] = {
    Cause.CLOCK: "replaces the loop's clock, which is the simulation's own",
    Cause.CONNECTOR: "looks into aiohttp's own connector, for which the services' stands",
    Cause.INSTANT: "wants time to pass between two lines, which take none here",
    Cause.MOCKED: "puts a mock in the place of a transport's method, which has slots",
    Cause.PROCESS: "starts a process; a simulated host is one",
    Cause.PROXIED: "expects a refused connect; a link's proxy accepts, then closes",
    Cause.REFUSED: "asks Redis for what the simulated one refuses by name",
    Cause.SIGNALS: "handles signals, which a simulated host does not get",
    Cause.SOCKETS: "needs a socket of the machine, or of a path in it",
    Cause.TLS: "starts TLS; links carry plain TCP",
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Listed:
    """One line of the table."""

    library: str
    cause: Cause
    test: str

    def means(self, test: str) -> bool:
        """Say whether this line is about a test, by pytest's name of it."""
        return test == self.test or ("[" not in self.test and test.startswith(f"{self.test}["))


def read(text: str) -> Iterator[Listed]:
    """Read the table.

    Raises:
        ValueError: a line has no three fields, or a cause that there is not.

    """
    for line in text.splitlines():
        library, cause, test = line.split("\t")
        yield Listed(library=library, cause=Cause(cause), test=test)


def of(library: str) -> list[Listed]:
    """Give the exceptions of one library."""
    return [one for one in read(TABLE.read_text(encoding="utf-8")) if one.library == library]


def faults(
    simulated: Mapping[str, str], real: Mapping[str, str], listed: Iterable[Listed]
) -> Iterator[str]:
    """Hold the outcomes of both loops against the table, and say what is wrong with either.

    Outcomes are by a test's name. What passes on the simulator need not have run on a real loop.
    """
    listed = list(listed)
    for test, outcome in real.items():
        there = simulated.get(test, "not run")
        if outcome == PASSED != there and not any(one.means(test) for one in listed):
            yield f"{test}: {there} on the simulator, passes on a real loop"
    for one in listed:
        passing = [test for test in simulated if one.means(test) and simulated[test] == PASSED]
        yield from (f"{test}: an exception ({one.cause}) that passes" for test in passing)
        if not passing and not any(one.means(test) and real[test] == PASSED for test in real):
            yield f"{one.test}: an exception ({one.cause}), and passes on no loop"
