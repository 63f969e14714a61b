"""The launcher `lab`, started against fake installers: no network, no real venv."""

import os
import re
import select
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import IO

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 30
PARTS = ("simulate", "report", "containers", "cluster", "develop")
TOOLS = (
    "basename",
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

# Of an install it notes the names of the locks' parts.
FAKE_PYTHON = r"""#!/usr/bin/env bash
parts() { local word; for word; do case $word in *.lock) basename "$word" .lock; esac; done; }
hold() { if [[ -n ${THERE-} ]]; then echo >&"$THERE"; read -r -u "$GO"; fi; }
case "$*" in
    *os.path.realpath*) [[ -z ${TOO_OLD-} || $0 != */python3 ]] && echo "$0"; exit ;;
    *ensurepip*) exit "${ENSUREPIP_EXIT-0}" ;;
    *"-m venv "*) echo venv >>"$CALLS"; mkdir -p "${!#}/bin"; cp "$0" "${!#}/bin/python" ;;
    *"-m pip install"*)
        echo pip install $(parts "$@") >>"$CALLS"
        [[ -n ${HOLD_CLI-} ]] || hold
        echo "noise on stdout"; echo "ERROR: no route" >&2; exit "${INSTALL_EXIT-0}" ;;
    *"-m harness.cli"*)
        [[ -z ${HOLD_CLI-} ]] || hold
        shift 3
        printf '%s\0' "$PYTHONPATH" "$$" "$PYTHONHASHSEED $PYTHONUTF8 ${PYTHONOPTIMIZE-}" "$@"
        exit "${CLI_EXIT-0}" ;;
esac
"""

FAKE_UV = r"""#!/usr/bin/env bash
parts() { local word; for word; do case $word in *.lock) basename "$word" .lock; esac; done; }
case "$1" in
    venv)
        echo "uv venv" >>"$CALLS"
        mkdir -p "${!#}/bin"
        cp "${0%/*}/python3" "${!#}/bin/python" ;;
    pip) echo uv install $(parts "$@") >>"$CALLS" ;;
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
        """What the fake Python saw: PYTHONPATH, its process id, other variables of Python's."""
        return self.stdout.split("\0")[:3]

    @property
    def arguments(self) -> list[str]:
        return self.stdout.split("\0")[3:-1]


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

    def lock(self, part: str = "simulate") -> Path:
        return self.root / "requirements" / f"{part}.lock"

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def stamp(self) -> Path:
        return self.venv / "simulate.lock"

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
    (root / "requirements").mkdir()
    for part in PARTS:
        (root / "requirements" / f"{part}.lock").write_text(f"of-{part}==1\n")
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
    assert sandbox.take_calls() == ["venv", "pip install simulate report"]

    second = sandbox.start("list")
    assert (second.code, second.stderr) == (0, "")
    assert sandbox.take_calls() == []


def test_uv_is_used_where_it_is_on_the_path(sandbox: Sandbox) -> None:
    """With uv, it makes the venv and installs; pip is not called."""
    sandbox.put("uv", FAKE_UV)
    assert sandbox.start("list").code == 0
    assert sandbox.take_calls() == ["uv venv", "uv install simulate report"]


def test_a_changed_lock_updates_the_venv(sandbox: Sandbox) -> None:
    """The part that differs is installed into the .venv that is there, once."""
    sandbox.start()
    sandbox.take_calls()
    sandbox.lock().write_text("pinned==2\n")
    assert "up to date" in sandbox.start().stderr
    assert sandbox.take_calls() == ["pip install simulate"]
    assert sandbox.start().stderr == ""


@pytest.mark.parametrize("earlier", [False, True])
def test_a_failed_install_is_not_taken_for_a_whole_one(sandbox: Sandbox, *, earlier: bool) -> None:
    """Exit 2, one line with the installer's reason, no stamp; the next start makes it anew."""
    if earlier:
        sandbox.start()
        sandbox.lock().write_text("pinned==2\n")
    failed = sandbox.start("list", INSTALL_EXIT="1")
    assert (failed.code, failed.stdout) == (2, "")
    assert "pip: ERROR: no route -- check network" in failed.stderr.splitlines()[1]
    assert failed.stderr.count("\n") == 2
    assert not sandbox.stamp.exists()

    sandbox.take_calls()
    assert sandbox.start("list").code == 0
    assert sandbox.take_calls()[0] == "venv"


@pytest.mark.parametrize(
    ("arguments", "added"),
    [
        (["run", "x", "--engine", "compose"], "containers"),
        (["run", "x", "--engine=both"], "containers"),
        (["check", "--engine", "compose"], "containers"),
        (["run", "x", "--grafana"], "containers"),
        (["run", "x", "--keep-prometheus"], "containers"),
        (["images", "build"], "containers"),
        (["compose", "x"], "containers"),
        (["grafana", "x"], "containers"),
        (["cluster"], "containers cluster"),
        (["check", "--on", "tcp://x:1"], "containers cluster"),
        (["swarm", "--on=tcp://x:1"], "containers cluster"),
        (["test", "--", "-k", "one"], "containers cluster develop"),
    ],
)
def test_a_part_is_added_by_the_command_that_needs_it(
    sandbox: Sandbox, arguments: list[str], added: str
) -> None:
    """One line on stderr names it; the .venv stays as it is, and the next start adds nothing."""
    sandbox.start("list")
    sandbox.take_calls()
    first = sandbox.start(*arguments)
    assert first.stderr.startswith(f"chaoslab: adding to .venv with pip: {added},")
    assert sandbox.take_calls() == [f"pip install {added}"]
    assert first.arguments == arguments
    assert sandbox.start(*arguments).stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "x"],
        ["run", "x", "--engine", "sim"],
        ["run", "compose"],
        ["check"],
        ["doctor"],
        ["clean"],
        ["show", "test"],
    ],
)
def test_what_only_simulates_adds_nothing(sandbox: Sandbox, arguments: list[str]) -> None:
    """A learner without Docker never downloads what containers and tests need."""
    sandbox.start(*arguments)
    assert sandbox.take_calls() == ["venv", "pip install simulate report"]


def test_a_part_that_was_added_is_kept_up_to_date(sandbox: Sandbox) -> None:
    """Its lock can change while nobody asks for it; parts that are not there stay away."""
    sandbox.start("images")
    sandbox.take_calls()
    for part in ("containers", "develop"):
        sandbox.lock(part).write_text("pinned==2\n")
    sandbox.start("list")
    assert sandbox.take_calls() == ["pip install containers"]


def test_a_part_that_cannot_be_added_harms_nothing(sandbox: Sandbox) -> None:
    """Without a network a command for containers ends with 2; simulations go on as before."""
    sandbox.start("list")
    sandbox.take_calls()
    for _ in range(2):
        assert sandbox.start("images", INSTALL_EXIT="1").code == 2
        assert sandbox.take_calls() == ["pip install containers"]
    after = sandbox.start("list")
    assert (after.code, after.stderr, sandbox.take_calls()) == (0, "", [])


def test_a_killed_addition_is_not_taken_for_a_whole_one(sandbox: Sandbox, gate: Gate) -> None:
    """Who does not need the part goes on; who does gets a new .venv, with all of it."""
    sandbox.start("list")
    sandbox.take_calls()
    with sandbox.spawn("images", gate=gate) as process:
        await_output(gate.there)
        os.killpg(process.pid, signal.SIGKILL)
    sandbox.take_calls()
    assert sandbox.start("list").stderr == ""
    assert sandbox.start("images").code == 0
    assert sandbox.take_calls() == ["venv", "pip install simulate report containers"]


def test_the_callers_environment_does_not_change_a_run(sandbox: Sandbox) -> None:
    """Sets have one order, files are UTF-8, and assertions are not taken out."""
    started = sandbox.start(PYTHONHASHSEED="7", PYTHONUTF8="0", PYTHONOPTIMIZE="2")
    assert started.seen[2] == "0 1 "


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
    assert sandbox.take_calls() == ["pip install simulate report"]
    assert (own / "ipython").exists()


def test_arguments_arrive_verbatim_and_stdout_is_the_labs_alone(sandbox: Sandbox) -> None:
    """Spaces, quotes, globs, newlines and empty arguments; the installer's noise stays out."""
    args = ["a b", "it's", '"q"', "*", "$HOME", "", "-", "two\nlines", "ü"]
    assert sandbox.start(*args).arguments == args
    assert sandbox.start().arguments == []


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
            assert outcome(first).arguments == ["one"]
            assert outcome(second).arguments == ["two"]
    assert sandbox.take_calls() == ["venv", "pip install simulate report"]


def test_a_running_lab_does_not_hold_up_another_start(sandbox: Sandbox, gate: Gate) -> None:
    """The start that installed gives its lock back before the lab runs, which may be for hours."""
    with sandbox.spawn("play", gate=gate, HOLD_CLI="1") as first:
        await_output(gate.there)
        sandbox.lock().write_text("pinned==2\n")
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
    assert sandbox.take_calls() == ["venv", "pip install simulate report"]


def pins(*parts: str) -> dict[str, str]:
    texts = [(ROOT / "requirements" / f"{part}.lock").read_text() for part in parts]
    return dict(re.findall(r"^([\w.-]+)==([^ ]+)", "".join(texts), re.MULTILINE))


def test_each_part_of_the_lock_covers_what_it_is_for() -> None:
    """Each requirement is pinned to a version that it allows; if not, `.ci/lock` fixes it."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = document["dependency-groups"]
    wanted = {
        "simulate": document["project"]["dependencies"],
        **document["project"]["optional-dependencies"],
        "develop": [*groups["load"], *(one for one in groups["develop"] if isinstance(one, str))],
    }
    assert set(wanted) == set(PARTS)
    pinned: dict[str, str] = {}
    for part in PARTS:
        pinned |= pins(part)
        requirements = wanted[part]
        for requirement in map(Requirement, requirements):
            version = pinned[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), requirement


def test_no_distribution_is_in_two_parts_of_the_lock() -> None:
    """Parts are installed at different times, and must not undo each other."""
    names = [name for part in PARTS for name in pins(part)]
    assert len(names) == len(set(names))


def test_the_lock_is_complete() -> None:
    """What is pinned needs nothing that is not pinned before it: nothing else is installed."""
    before: set[str] = set()
    for part in PARTS:
        before |= set(pins(part))
        for name in pins(part):
            with suppress(PackageNotFoundError):  # of another platform or Python
                needed = [Requirement(text) for text in requires(name) or ()]
                there = [one for one in needed if not one.marker or one.marker.evaluate()]
                assert {canonicalize_name(one.name) for one in there} <= before, name


def test_the_lock_is_hashed_and_names_no_host() -> None:
    """Every pin has its hashes, and no index, link or path of the machine that made it."""
    for part in PARTS:
        lock = (ROOT / "requirements" / f"{part}.lock").read_text()
        hashed = r"^[\w.-]+==.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+"
        assert len(re.findall(hashed, lock, re.MULTILINE)) == len(
            re.findall(r"^\w", lock, re.MULTILINE)
        )
        assert not re.search(r"://|^-|file:| /\w", lock, re.MULTILINE)
