"""The launcher `lab`, started against fake installers: no network, no real venv."""

import os
import re
import select
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 30
TOOLS = (
    "bash",
    "cmp",
    "cp",
    "dirname",
    "env",
    "find",
    "flock",
    "grep",
    "mkdir",
    "readlink",
    "rm",
    "tail",
    "tee",
)

FAKE_PYTHON = r"""#!/usr/bin/env bash
hold() { if [[ -n ${THERE-} ]]; then echo >&"$THERE"; read -r -u "$GO"; fi; }
case "$*" in
    *os.path.realpath*) [[ -z ${TOO_OLD-} || $0 != */python3 ]] && echo "$0"; exit ;;
    *ensurepip*) exit "${ENSUREPIP_EXIT-0}" ;;
    *"-m venv "*) echo venv >>"$CALLS"; mkdir -p "${!#}/bin"; cp "$0" "${!#}/bin/python" ;;
    *"-m pip install"*)
        echo "pip install ${!#}" >>"$CALLS"
        [[ -n ${HOLD_CLI-} ]] || hold
        echo "noise on stdout"; echo "ERROR: no route" >&2; exit "${INSTALL_EXIT-0}" ;;
    *"-m harness.cli"*)
        [[ -z ${HOLD_CLI-} ]] || hold
        shift 3
        printf '%s\0' "$PYTHONPATH" "$$" "$@"
        exit "${CLI_EXIT-0}" ;;
esac
"""

FAKE_UV = r"""#!/usr/bin/env bash
case "$1" in
    venv)
        echo "uv venv" >>"$CALLS"
        mkdir -p "${!#}/bin"
        cp "${0%/*}/python3" "${!#}/bin/python" ;;
    pip) echo "uv install ${!#}" >>"$CALLS" ;;
esac
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    code: int
    pid: int
    stdout: str
    stderr: str

    @property
    def seen(self) -> list[str]:
        """What the fake Python saw: PYTHONPATH, its process id, then the arguments."""
        return self.stdout.split("\0")[:-1]


def outcome(process: subprocess.Popen[str]) -> Outcome:
    stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    return Outcome(code=process.returncode, pid=process.pid, stdout=stdout, stderr=stderr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Holds a fake install: it tells when it is there, then waits until it may go on."""

    there: int
    tell_there: int
    wait_go: int
    go: int

    @property
    def env(self) -> dict[str, str]:
        return {"THERE": str(self.tell_there), "GO": str(self.wait_go)}


@pytest.fixture
def gate() -> Iterator[Gate]:
    there, tell_there = os.pipe()
    wait_go, go = os.pipe()
    yield Gate(there=there, tell_there=tell_there, wait_go=wait_go, go=go)
    for fd in (there, tell_there, wait_go, go):
        os.close(fd)


def await_output(stream: int | IO[str]) -> None:
    assert select.select([stream], [], [], TIMEOUT_S)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A copy of the launcher, and a PATH on which every Python and installer is a fake."""

    root: Path
    tools: Path
    call_log: Path

    @property
    def lock(self) -> Path:
        return self.root / "requirements.lock"

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def stamp(self) -> Path:
        return self.venv / "requirements.lock"

    def take_calls(self) -> list[str]:
        """Return what the installers were asked since the last look."""
        lines = self.call_log.read_text().splitlines()
        self.call_log.write_text("")
        return lines

    def put(self, name: str, script: str) -> None:
        (self.tools / name).write_text(script)
        (self.tools / name).chmod(0o755)

    @contextmanager
    def spawn(
        self, *args: str, launcher: Path | None = None, gate: Gate | None = None, **env: str
    ) -> Iterator[subprocess.Popen[str]]:
        base = {"PATH": str(self.tools), "CALLS": str(self.call_log)}
        with subprocess.Popen(  # noqa: S603 - the launcher under test
            [launcher or self.root / "lab", *args],
            cwd=self.tools,
            env={**base, **(gate.env if gate else {}), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=(gate.tell_there, gate.wait_go) if gate else (),
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def start(self, *args: str, launcher: Path | None = None, **env: str) -> Outcome:
        with self.spawn(*args, launcher=launcher, gate=None, **env) as process:
            return outcome(process)


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    root = tmp_path / "a class's [lab] copy"
    root.mkdir()
    shutil.copy(ROOT / "lab", root / "lab")
    (root / "requirements.lock").write_text("pinned==1\n")
    (tmp_path / "calls").touch()
    made = Sandbox(root=root, tools=tools, call_log=tmp_path / "calls")
    made.put("python3", FAKE_PYTHON)
    return made


def test_first_start_makes_the_venv_and_later_ones_do_not(sandbox: Sandbox) -> None:
    """The first start installs the lock, says so in two lines on stderr; the next is silent."""
    first = sandbox.start("list")
    assert first.code == 0
    assert first.stderr.startswith("chaoslab: making .venv with pip")
    assert first.stderr.count("\n") == 2
    assert sandbox.take_calls() == ["venv", f"pip install {sandbox.lock}"]

    second = sandbox.start("list")
    assert (second.code, second.stderr) == (0, "")
    assert sandbox.take_calls() == []


def test_uv_is_used_where_it_is_on_the_path(sandbox: Sandbox) -> None:
    """With uv, it makes the venv and installs; pip is not called."""
    sandbox.put("uv", FAKE_UV)
    assert sandbox.start("list").code == 0
    assert sandbox.take_calls() == ["uv venv", f"uv install {sandbox.lock}"]


def test_a_changed_lock_updates_the_venv(sandbox: Sandbox) -> None:
    """Another lock is installed into the .venv that is there, once."""
    sandbox.start()
    sandbox.take_calls()
    sandbox.lock.write_text("pinned==2\n")
    assert "up to date" in sandbox.start().stderr
    assert sandbox.take_calls() == [f"pip install {sandbox.lock}"]
    assert sandbox.start().stderr == ""


@pytest.mark.parametrize("earlier", [False, True])
def test_a_failed_install_is_not_taken_for_a_whole_one(sandbox: Sandbox, *, earlier: bool) -> None:
    """Exit 2, one line with the installer's reason, no stamp; the next start makes it anew."""
    if earlier:
        sandbox.start()
        sandbox.lock.write_text("pinned==2\n")
    failed = sandbox.start("list", INSTALL_EXIT="1")
    assert (failed.code, failed.stdout) == (2, "")
    assert "pip: ERROR: no route -- check network" in failed.stderr.splitlines()[1]
    assert failed.stderr.count("\n") == 2
    assert not sandbox.stamp.exists()

    sandbox.take_calls()
    assert sandbox.start("list").code == 0
    assert sandbox.take_calls()[0] == "venv"


def test_no_python_is_said_in_one_line(sandbox: Sandbox) -> None:
    """Without Python and uv: exit 2, one line, and nothing half-made that a later start meets."""
    (sandbox.tools / "python3").unlink()
    refused = sandbox.start("list")
    assert (refused.code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("chaoslab: no Python 3.11 or newer found: install")
    assert refused.stderr.count("\n") == 1
    sandbox.put("python3", FAKE_PYTHON)
    assert sandbox.start("list").code == 0


def test_uv_without_a_python_fetches_one(sandbox: Sandbox) -> None:
    """A python3 that is too old does not stop a start, because uv can fetch another."""
    sandbox.put("uv", FAKE_UV)
    assert sandbox.start("list", TOO_OLD="1").code == 0


def test_an_old_python3_is_passed_over(sandbox: Sandbox) -> None:
    """Where python3 is too old, a python3.12 beside it is used; alone, it is refused."""
    assert sandbox.start(TOO_OLD="1").code == 2
    sandbox.put("python3.12", FAKE_PYTHON)
    assert sandbox.start(TOO_OLD="1").code == 0
    assert "python3.12" in (sandbox.venv / "install.log").read_text()


def test_a_python_without_venv_names_the_package(sandbox: Sandbox) -> None:
    """Debian keeps ensurepip in a package of its own; the message names it."""
    sandbox.put("python3.12", FAKE_PYTHON)
    refused = sandbox.start(ENSUREPIP_EXIT="1", TOO_OLD="1")
    assert refused.code == 2
    assert "apt-get install python3.12-venv" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_venv_whose_python_is_gone_is_made_anew(sandbox: Sandbox) -> None:
    """An upgrade of the system can take the interpreter away from under the .venv."""
    sandbox.start()
    sandbox.take_calls()
    python = sandbox.venv / "bin/python"
    python.unlink()
    python.symlink_to("/nonexistent/python3")
    assert sandbox.start().code == 0
    assert sandbox.take_calls()[0] == "venv"


def test_a_venv_made_by_hand_is_kept(sandbox: Sandbox) -> None:
    """What somebody installed into their own .venv survives the launcher's first start."""
    own = sandbox.venv / "bin"
    own.mkdir(parents=True)
    shutil.copy(sandbox.tools / "python3", own / "python")
    (own / "ipython").touch()
    assert sandbox.start().code == 0
    assert sandbox.take_calls() == [f"pip install {sandbox.lock}"]
    assert (own / "ipython").exists()


def test_arguments_arrive_verbatim_and_stdout_is_the_labs_alone(sandbox: Sandbox) -> None:
    """Spaces, quotes, globs, newlines and empty arguments; the installer's noise stays out."""
    args = ["a b", "it's", '"q"', "*", "$HOME", "", "-", "two\nlines", "ü"]
    assert sandbox.start(*args).seen[2:] == args
    assert sandbox.start().seen[2:] == []


def test_the_exit_code_is_the_labs(sandbox: Sandbox) -> None:
    """A failed expectation ends the launcher with 1 as well."""
    assert sandbox.start(CLI_EXIT="1").code == 1


def test_the_project_comes_before_the_callers_pythonpath(sandbox: Sandbox) -> None:
    """The project is importable from any folder, and the caller's own entries are kept."""
    assert sandbox.start().seen[0] == str(sandbox.root)
    assert sandbox.start(PYTHONPATH="/mine").seen[0] == f"{sandbox.root}:/mine"


def test_a_chain_of_symlinks_leads_to_the_project(sandbox: Sandbox, tmp_path: Path) -> None:
    """Absolute and relative links find the project, and make no .venv beside the link."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "absolute").symlink_to(sandbox.root / "lab")
    (home / "chaos lab").symlink_to("absolute")
    assert sandbox.start(launcher=home / "chaos lab").seen[0] == str(sandbox.root)
    assert not (home / ".venv").exists()


def test_python_takes_the_launchers_place(sandbox: Sandbox) -> None:
    """The same process id, so a signal to the launcher reaches Python itself."""
    started = sandbox.start()
    assert started.seen[1] == str(started.pid)


@pytest.mark.skipif(not shutil.which("flock"), reason="two starts are told apart by flock")
def test_two_first_starts_install_once(sandbox: Sandbox, gate: Gate) -> None:
    """The second start says that it waits for the first one's install, then uses it."""
    with sandbox.spawn("one", gate=gate) as first:
        await_output(gate.there)
        with sandbox.spawn("two") as second:
            assert second.stderr
            await_output(second.stderr)
            assert "waiting for another start" in second.stderr.readline()
            os.write(gate.go, b"\n")
            assert outcome(first).seen[2:] == ["one"]
            assert outcome(second).seen[2:] == ["two"]
    assert sandbox.take_calls() == ["venv", f"pip install {sandbox.lock}"]


def test_a_running_lab_does_not_hold_up_another_start(sandbox: Sandbox, gate: Gate) -> None:
    """The start that installed gives its lock back before the lab runs, which may be for hours."""
    with sandbox.spawn("play", gate=gate, HOLD_CLI="1") as first:
        await_output(gate.there)
        sandbox.lock.write_text("pinned==2\n")
        assert sandbox.start("list").code == 0
        os.write(gate.go, b"\n")
        assert outcome(first).code == 0


def test_an_interrupted_install_is_made_anew(sandbox: Sandbox, gate: Gate) -> None:
    """Ctrl-C during the install ends with 130 and one line, and leaves nothing that looks whole."""
    with sandbox.spawn(gate=gate) as process:
        await_output(gate.there)
        os.killpg(process.pid, signal.SIGINT)
        interrupted = outcome(process)
    assert interrupted.code == 130
    assert interrupted.stderr.endswith("chaoslab: interrupted: start again to go on\n")
    assert not sandbox.stamp.exists()
    sandbox.take_calls()
    assert sandbox.start().code == 0
    assert sandbox.take_calls() == ["venv", f"pip install {sandbox.lock}"]


def test_the_lock_covers_every_direct_dependency() -> None:
    """Each is pinned to a version that pyproject.toml allows; if not, `.ci/lock` mends it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    lock = (ROOT / "requirements.lock").read_text()
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE))
    for requirement in map(Requirement, wanted):
        version = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), requirement


def test_the_lock_is_hashed_and_names_no_host() -> None:
    """Every pin has its hashes, and no index, link or path of the machine that made it."""
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^[\w.-]+==.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+", lock, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^\w", lock, re.MULTILINE))
    assert not re.search(r"://|^-|file:| /\w", lock, re.MULTILINE)
