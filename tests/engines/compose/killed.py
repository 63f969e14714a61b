"""A command that measures on containers, killed with SIGKILL, and what is then left of it."""

import os
import random
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient

from harness.engines.compose.janitor import Resource
from tests.cli.workshop import ELSEWHERE, ROOT, SMALL
from tests.engines.compose.runs import LIMIT_S, left_by, of

MARK = "CHAOSLAB_MARK"
"""A variable that all processes of a command inherit, by which they are found."""
TELLING = """
import os

from harness import store
from harness.cli.live import Line
from harness.engines.compose.stack import Stack


def telling(owner, name, phase):
    plain = getattr(owner, name)

    def stand_in(*arguments, **options):
        os.write(int(os.environ["CHAOSLAB_TELL"]), (phase or arguments[1]).encode() + b"\\n")
        return plain(*arguments, **options)

    setattr(owner, name, stand_in)


telling(Line, "step", "")
telling(Stack, "__exit__", "removing")
telling(store, "save", "writing")
"""
RUN = ("run", "small", "--engine", "compose", "--variant", "calm")
PHASES = {
    "making the images ready": 0.4,
    "starting containers": 2.0,
    "waiting until every service is up": 1.5,
    "loading": 3.0,
    "reading back": 1.0,
    "removing": 0.8,
    "writing": 1.0,
}
"""What a run goes through, in order, and for about how many seconds."""
SWEPT = "starting containers"
"""When a run has come so far, it has removed what others left."""


class Command:
    """A command line in a process of its own, which tells its phases."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.phases = ["none"]
        self.mark = secrets.token_hex(8)
        self.temporary = root / f"tmp-{self.mark}"
        self.temporary.mkdir()
        self.said = self.temporary.with_suffix(".said")
        self._told, telling = os.pipe()
        with self.said.open("w") as said:
            self.process = subprocess.Popen(  # noqa: S603 - our own command line
                [sys.executable, "-c", TELLING + ELSEWHERE, str(root), *arguments],
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "TMPDIR": str(self.temporary),
                    "MPLCONFIGDIR": str(root),
                    "CHAOSLAB_TELL": str(telling),
                    MARK: self.mark,
                },
                pass_fds=(telling,),
                stdout=said,
                stderr=said,
            )
        os.close(telling)

    def reach(self, phase: str) -> None:
        """Wait until a phase has begun."""
        while phase not in self.phases:
            assert self._hear(LIMIT_S), f"{phase} never began: {self.said.read_text()}"

    def pass_time(self, limit_s: float) -> None:
        """Let time pass, or less if the command ends."""
        end_s = time.monotonic() + limit_s
        while (rest_s := end_s - time.monotonic()) > 0 and self._hear(rest_s):
            pass

    def end(self, number: int) -> int:
        """Send a signal, wait for the command's end, and give its exit code."""
        self.process.send_signal(number)
        try:
            return self.wait()
        finally:
            os.close(self._told)

    def wait(self) -> int:
        return self.process.wait(LIMIT_S)

    def _hear(self, limit_s: float) -> bool:
        if not select.select([self._told], [], [], limit_s)[0]:
            return False
        told = os.read(self._told, 4096).decode().split("\n")[:-1]
        self.phases += told
        return bool(told)

    def has(self, client: DockerClient, root: Path) -> list[str]:
        """Name what there is of the command's: on the engine, in folders, among processes."""
        return self._with(of(client, self.process.pid), root)

    def left(self, client: DockerClient, root: Path) -> list[str]:
        """Name what there is of it when all should be gone."""
        return self._with(left_by(client, self.process.pid), root)

    def _with(self, resources: list[Resource], root: Path) -> list[str]:
        found = [*map(str, resources)]
        found += [f"process {pid}" for pid in self._processes()]
        found += [f"half-run {path.name}" for path in root.glob("runs/*/.*/")]
        return found + [f"file {path.name}" for path in self.temporary.rglob("*")]

    def _processes(self) -> Iterator[int]:
        for path in Path("/proc").glob("[0-9]*"):
            # Those of other users, and those that end meanwhile, are not the command's.
            with suppress(OSError):
                if f"{MARK}={self.mark}".encode() in (path / "environ").read_bytes().split(b"\0"):
                    yield int(path.name)


def checkout(root: Path, *, lasts_s: int = 3) -> None:
    """Make a checkout with one small lab."""
    folder = root / "labs" / "trial" / "small"
    folder.mkdir(parents=True)
    for table in ("catalogue.tsv", "episodes.tsv"):
        shutil.copy(ROOT / "labs" / table, root / "labs")
    text = SMALL.replace("duration_s=5", f"duration_s={lasts_s}")
    (folder / "lab.py").write_text(text.replace("success_ratio(3.5, 5)", "success_ratio(2.5, 3)"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When to kill, and by what start what is left is to be removed."""

    phase: str
    after_s: float
    next_start: tuple[str, ...]


def moments(count: int, seed: int) -> list[Moment]:
    """Draw moments in all phases in turn; every other time a run sweeps, not `clean`."""
    rng = random.Random(seed)
    phases = list(PHASES)
    drawn = [phases[number % len(phases)] for number in range(count)]
    return [
        Moment(
            phase=phase,
            after_s=rng.uniform(0, PHASES[phase]),
            next_start=("clean",) if number % 2 else RUN,
        )
        for number, phase in enumerate(drawn)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a killed run came to."""

    phase: str
    code: int
    left: list[str]
    left_at_last: list[str]


def counted(found: list[str]) -> str:
    """Count by kind."""
    kinds = Counter(one.partition(" ")[0] for one in found)
    told = (f"{count} {_plural(kind, count)}" for kind, count in kinds.items())
    return ", ".join(told) or "nothing"


def _plural(kind: str, count: int) -> str:
    ending = "es" if kind.endswith("s") else "s"
    return kind if count == 1 else f"{kind}{ending}"


def kill(client: DockerClient, root: Path, moment: Moment) -> Outcome:
    """Kill a run at a moment, start again at once, and look before and after."""
    command = Command(root, *RUN)
    command.reach(moment.phase)
    command.pass_time(moment.after_s)
    code = command.end(signal.SIGKILL)
    left = command.has(client, root)
    following = Command(root, *moment.next_start)
    if moment.next_start == RUN:
        following.reach(SWEPT)
        following.end(signal.SIGINT)
    else:
        following.wait()
    return Outcome(
        phase=command.phases[-1] if code == -signal.SIGKILL else "over before",
        code=code,
        left=left,
        left_at_last=command.left(client, root) + following.left(client, root),
    )


@contextmanager
def living(client: DockerClient, root: Path) -> Iterator[Callable[[], bool]]:
    """Let another terminal's run live through the block, and give what says if it has all still."""
    checkout(root, lasts_s=3000)
    command = Command(root, *RUN)
    try:
        command.reach("loading")
        needed = _names(client, command.process.pid)
        yield lambda: _names(client, command.process.pid) == needed
    finally:
        assert command.end(signal.SIGINT) == 130, command.said.read_text()
        assert command.left(client, root) == []


def _names(client: DockerClient, pid: int) -> set[str]:
    return {str(one) for one in of(client, pid)}


STRANGERS: tuple[dict[str, str], ...] = (
    {},
    {"com.docker.compose.project": "chaoslab-small-5ca1ab", "chaoslab": "1"},
    {"chaoslab.run": "chaoslab-small-5ca1ab"},
)
"""Labels of what a person or another tool has started, and those of a Compose file by hand."""


@contextmanager
def bystanders(client: DockerClient, image: str) -> Iterator[list[str]]:
    """Let a container, a network and a volume with names like a run's stand by; give their names.

    Yields one of each kind for each set of labels.
    """
    names = list[str]()
    with ExitStack() as made:
        for number, labels in enumerate(STRANGERS):
            run = f"chaoslab-small-{os.getpid():x}b{number}"
            container = client.containers.create(
                image, ["sleep", "3000"], name=f"{run}-front-1", labels=labels
            )
            made.callback(container.remove, force=True)
            container.start()
            made.callback(client.networks.create(f"{run}_default", labels=labels).remove)
            made.callback(client.volumes.create(f"{run}_front", labels=labels).remove)
            names += [f"{run}-front-1", f"{run}_default", f"{run}_front"]
        yield names


def present(client: DockerClient, names: list[str]) -> list[str]:
    """Give those of the names that the engine has a container, network or volume of."""
    running = {one.name for one in client.containers.list()}
    networks = {one.name for one in client.networks.list()}
    volumes = {one.name for one in client.volumes.list()}
    return [name for name in names if name in running | networks | volumes]
