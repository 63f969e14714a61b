"""What the machine does to a command: a full disk, a closed pipe, Ctrl-C, a bug of ours."""

import errno
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from harness import catalogue, runner, store
from harness.cli.__main__ import BUG
from harness.cli.workers import cores
from harness.recording import Recording
from tests.cli.workshop import ELSEWHERE, ROOT, SMALL, Workshop, finished, started

MEND = "make it writable, or make room: ./lab clean --runs removes old runs"
RUN = ("run", "small", "--engine", "sim", "--no-report", "--variant", "calm")
LONG = (("duration_s=5", "duration_s=3000"),)
OWN_TERMINAL = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
TELLING = """
import os

import harness.model


class Telling(harness.model.Paced):
    def times(self, rng, duration_s):
        for at_s in super().times(rng, duration_s):
            if at_s > 10:
                os.write({ready}, b"!")
            yield at_s


"""


def raising(error: BaseException) -> Callable[..., NoReturn]:
    def stand_in(*_: Any, **__: Any) -> NoReturn:
        raise error

    return stand_in


@contextmanager
def disk(folder: Path, options: str) -> Iterator[None]:
    """Mount a small disk of its own on a folder, for as long as the block lasts."""
    folder.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    command = [mount or "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if not umount or subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
        pytest.skip("mounting a small disk takes root")
    try:
        yield
    finally:
        subprocess.run([umount, str(folder)], check=True)  # noqa: S603


@pytest.mark.parametrize("size", ["size=4k", "size=32k"], ids=["at run.json", "at a recording"])
def test_a_disk_that_is_full(shop: Workshop, size: str) -> None:
    """A run that cannot be written is told with what makes room; no part of it is left."""
    shop.write()
    with disk(shop.runs, size):
        outcome = shop.run(*RUN)
        assert outcome.code == 2
        assert outcome.complaint == f"cannot write under runs/: No space left on device; {MEND}"
        assert shop.kept() == []


def test_a_disk_that_is_read_only(shop: Workshop) -> None:
    """Nothing is simulated when the run could not be kept."""
    shop.write()
    with disk(shop.runs, "ro"):
        outcome = shop.run(*RUN)
        assert outcome.code == 2
        assert outcome.complaint == f"cannot write under runs/: Read-only file system; {MEND}"
        assert "simulated" not in outcome.out


def test_a_runs_folder_that_is_a_file(shop: Workshop) -> None:
    """What stands in the way is told."""
    shop.write()
    shop.runs.write_text("in the way")
    outcome = shop.run(*RUN)
    assert outcome.code == 2
    assert outcome.complaint == f"cannot write under runs/: Not a directory; {MEND}"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("where", [(store, "save"), (Recording, "save"), (Path, "mkdir")], ids=str)
def test_whatever_the_disk_refuses(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, where: tuple[Any, str], code: int
) -> None:
    """Each refusal of the disk is one line, exit code 2, and no folder."""
    shop.write()
    monkeypatch.setattr(*where, raising(OSError(code, os.strerror(code))))
    outcome = shop.run(*RUN)
    assert outcome.code == 2
    assert outcome.complaint == f"cannot write under runs/: {os.strerror(code)}; {MEND}"
    assert shop.kept() == []


def test_a_connection_that_breaks_is_not_blamed_on_the_disk(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what the disk says is put down to the disk."""
    shop.write()
    error = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    monkeypatch.setattr(runner, "run", raising(error))
    outcome = shop.run(*RUN)
    assert outcome.code == 3
    assert "cannot write" not in outcome.err
    assert shop.kept() == []


def test_a_bug_of_ours_says_so(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is shown in full, called a bug, and leaves nothing behind."""
    shop.write()
    monkeypatch.setattr(runner, "run", raising(ZeroDivisionError("oh")))
    outcome = shop.run(*RUN)
    assert outcome.code == 3
    lines = outcome.err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-2:] == [
        "ZeroDivisionError: oh",
        f"chaoslab: {BUG}",
    ]
    assert shop.kept() == []


def test_an_interruption_leaves_nothing(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends with 130 and one line."""
    shop.write()
    monkeypatch.setattr(runner, "run", raising(KeyboardInterrupt()))
    outcome = shop.run(*RUN)
    assert outcome.code == 130
    assert outcome.err.strip() == (
        "chaoslab: interrupted. All containers and processes of this run were stopped."
    )
    assert shop.kept() == []


@pytest.mark.parametrize("command", [RUN[:5], ("check", "--seeds", "50", "--jobs", "2")], ids=str)
def test_ctrl_c_ends_a_command_fast(shop: Workshop, command: tuple[str, ...]) -> None:
    """A SIGINT to the terminal's process group ends all processes; exit code 130, no folder."""
    folder = shop.change(*LONG)
    ready, here = os.pipe()
    (folder / "lab.py").write_text(
        TELLING.format(ready=here) + SMALL.replace(*LONG[0]).replace("load=Paced", "load=Telling")
    )
    process = started(shop, *command, pass_fds=(here,))
    os.close(here)
    assert os.read(ready, 1) == b"!"
    os.killpg(process.pid, signal.SIGINT)
    outcome = finished(process, within_s=10)
    os.close(ready)
    assert outcome.code == 130
    assert shop.kept() == []
    assert "Traceback" not in outcome.err
    assert outcome.err.count("chaoslab: ") == 1
    if "coroutine ignored GeneratorExit" in outcome.err:
        pytest.xfail("the simulated load complains when it is collected in the middle of a run")
    assert outcome.err.strip() == (
        "chaoslab: interrupted. All containers and processes of this run were stopped."
    )


@pytest.mark.parametrize("command", [RUN[:5], ("check", "--seeds", "50", "--jobs", "2")], ids=str)
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGKILL])
def test_every_signal_ends_all_processes(
    shop: Workshop, command: tuple[str, ...], number: signal.Signals
) -> None:
    """Sent to the first alone; of SIGKILL, which it cannot catch, the others hear by its end."""
    folder = shop.change(*LONG)
    ready, here = os.pipe()
    (folder / "lab.py").write_text(
        TELLING.format(ready=here) + SMALL.replace(*LONG[0]).replace("load=Paced", "load=Telling")
    )
    process = started(shop, *command, pass_fds=(here,))
    os.close(here)
    assert os.read(ready, 1) == b"!"
    os.kill(process.pid, number)
    outcome = finished(process, within_s=10)
    # The pipe ends when no process is left that could write to it.
    while os.read(ready, 1):
        pass
    os.close(ready)
    if number != signal.SIGKILL:
        assert outcome.code == 130
        assert outcome.err.strip() == (
            "chaoslab: interrupted. All containers and processes of this run were stopped."
        )
        assert shop.kept() == []


def test_a_terminal_that_is_closed_ends_a_run(shop: Workshop) -> None:
    """As Ctrl-C does: exit code 130, no process and no folder, though nothing can be printed."""
    folder = shop.change(*LONG)
    ready, here = os.pipe()
    (folder / "lab.py").write_text(
        TELLING.format(ready=here) + SMALL.replace(*LONG[0]).replace("load=Paced", "load=Telling")
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(  # noqa: S603 - our own command line
        [sys.executable, "-c", OWN_TERMINAL + ELSEWHERE, str(shop.root), *RUN[:5]],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        pass_fds=(here,),
        start_new_session=True,
    )
    os.close(theirs)
    os.close(here)
    assert os.read(ready, 1) == b"!"
    os.close(ours)
    try:
        assert process.wait(30) == 130
    finally:
        process.kill()
    while os.read(ready, 1):
        pass
    os.close(ready)
    assert shop.kept() == []


@pytest.mark.parametrize("module", ["click.core", "harness.catalogue", "harness.cli.cmd_list"])
def test_two_ctrl_c_while_python_imports_are_one_line(module: str) -> None:
    """Sent when a module has been imported: exit code 130 or, too late, the command's own end."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-X", "importtime", "-m", "harness.cli", "list"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    for line in process.stderr:
        if line.split()[-1:] == [module]:
            break
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    outcome = finished(process)
    said = [line for line in outcome.err.splitlines() if line and "import time:" not in line]
    assert outcome.code in {0, 130}
    assert len(said) == (1 if outcome.code else 0), said


@pytest.mark.parametrize("first", ["workers", "parent"])
@pytest.mark.parametrize("command", [RUN[:5], ("check", "--seeds", "50", "--jobs", "2")], ids=str)
def test_ctrl_c_may_reach_the_processes_one_by_one(
    shop: Workshop, first: str, command: tuple[str, ...]
) -> None:
    """Whoever hears of it first: one line, exit code 130, and no process is left."""
    folder = shop.change(*LONG)
    ready, here = os.pipe()
    (folder / "lab.py").write_text(
        TELLING.format(ready=here) + SMALL.replace(*LONG[0]).replace("load=Paced", "load=Telling")
    )
    process = started(shop, *command, pass_fds=(here,))
    os.close(here)
    assert os.read(ready, 1) == b"!"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    on_cores = min(cores(), 3) if cores() > 1 else 0
    assert len(children) == (2 if command[0] == "check" else on_cores)
    pids = [*map(int, children), process.pid]
    for pid in pids if first == "workers" else reversed(pids):
        os.kill(pid, signal.SIGINT)
    outcome = finished(process, within_s=10)
    os.close(ready)
    assert outcome.code == 130
    assert "simulated" not in outcome.out
    assert outcome.err.strip() == (
        "chaoslab: interrupted. All containers and processes of this run were stopped."
    )
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.parametrize("command", [("list", "--all"), ("--help",), (*RUN, "--json")], ids=str)
def test_a_reader_that_has_gone_is_no_reason_to_complain(
    shop: Workshop, command: tuple[str, ...]
) -> None:
    """When the pipe is closed, as by `| head -1`, the command ends quietly, and not as a PASS."""
    shop.write()
    reader, writer = os.pipe()
    os.close(reader)
    process = started(shop, *command, stdout=writer)
    os.close(writer)
    outcome = finished(process)
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    assert "Broken" not in outcome.err


@pytest.mark.parametrize("command", [("list",), (*RUN, "--json")], ids=str)
def test_standard_output_on_a_full_disk(shop: Workshop, command: tuple[str, ...]) -> None:
    """Output that cannot be written is told once."""
    shop.write()
    with Path("/dev/full").open("w") as full:
        outcome = finished(started(shop, *command, stdout=full.fileno()))
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1] == (
        "chaoslab: cannot write standard output: the disk is full. "
        "Free some space, for example with ./lab clean --runs."
    )
    assert "Traceback" not in outcome.err


def test_an_old_encoding_loses_signs_and_nothing_else(shop: Workshop) -> None:
    """A terminal without the signs shows letters and digits in their place."""
    shop.write()
    outcome = finished(started(shop, "show", "small", PYTHONIOENCODING="ascii"))
    assert (outcome.code, outcome.err) == (0, "")
    assert "--> front (relay) --> back (worker) x\n" in outcome.out
    assert "?" not in outcome.out.replace("Does it hold?", "")


def test_an_engine_that_does_not_answer(shop: Workshop) -> None:
    """A socket without a daemon behind it is found out at once."""
    shop.write()
    outcome = finished(
        started(shop, "run", "small", "--engine", "compose", DOCKER_HOST="unix:///nowhere.sock")
    )
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint.startswith("no Docker engine answers")


def test_a_lab_is_found_only_once(shop: Workshop) -> None:
    """Two folders of one name in two tracks are refused, because a name must tell which."""
    shop.write()
    shop.write(track="other")
    assert catalogue.slugs() == ["small", "small"]
    outcome = shop.run("show", "small")
    assert outcome.code == 2
    assert outcome.complaint == (
        "2 labs are called small: labs/other/small and labs/trial/small; rename one"
    )
