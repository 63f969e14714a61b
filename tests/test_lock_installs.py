"""The launcher installs what is locked and nothing else, with real installers, from a local index.

The index has a newer release of everything that is locked, as real ones have a day later. With the
pip of this Python the test needs no network; those marked `network` fetch other installers first,
and are skipped where that cannot be, unless `CHAOSLAB_REQUIRE_NETWORK` is set.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[1]
LIMIT_S = 120
PARTS = ("simulate", "report", "containers", "cluster", "develop")
CLI = """\
from importlib.metadata import distributions
print(sorted(f"{one.name} {one.version}" for one in distributions() if "locked" in one.name))
"""


def wheel(index: Path, name: str, version: str, *metadata: str) -> str:
    """Write a wheel with one empty module; give its line for a lock."""
    info = f"{name}-{version}.dist-info"
    head = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}")
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": "\n".join((*head, *metadata, "")),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_digest(text)},{len(text)}\n" for path, text in files.items())
    path = index / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in files.items():
            archive.writestr(inside, text)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A copy of the launcher beside a lock of tiny wheels, and what is on its PATH."""

    root: Path
    tools: Path
    index: Path

    def start(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index), "UV_OFFLINE": "1"}
        more = {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(self.index), "UV_NO_CACHE": "1"}
        return subprocess.run(  # noqa: S603 - the launcher under test
            [self.root / "lab", *arguments],
            env={"PATH": f"{self.tools}:/usr/bin:/bin", "HOME": str(self.root), **offline, **more},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root, tools, index = (tmp_path / name for name in ("root", "tools", "index"))
    for folder in (root / "requirements", root / "harness" / "cli", tools, index):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "lab", root / "lab")
    (root / "harness" / "cli" / "__main__.py").write_text(CLI)
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    (tools / "python3").symlink_to(python)
    # As with coverage[toml]: the extra brings nothing, but asking for it resolves the name anew.
    extra = "Provides-Extra: toml"
    simulate = wheel(index, "locked_cover", "1.0", extra)
    simulate += wheel(index, "locked_plugin", "1.0", "Requires-Dist: locked_cover[toml]>=1")
    locks = [simulate, *(wheel(index, f"locked_{part}", "1.0") for part in PARTS[1:])]
    wheel(index, "locked_cover", "2.0", extra)
    for name in ("plugin", *PARTS[1:]):
        wheel(index, f"locked_{name}", "2.0")
    for part, lock in zip(PARTS, locks, strict=True):
        (root / "requirements" / f"{part}.lock").write_text(lock)
    return Project(root=root, tools=tools, index=index)


def installs_what_is_locked(project: Project) -> None:
    expected = ["locked_cover 1.0", "locked_plugin 1.0", "locked_report 1.0"]
    for arguments, more in (("list", ()), ("images", ("locked_containers 1.0",))):
        started = project.start(arguments)
        assert started.returncode == 0, started.stderr
        found = started.stdout.replace("-", "_").strip()
        assert found == str(sorted([*expected, *more]))


def test_the_lock_holds_where_newer_releases_are(project: Project) -> None:
    """With the pip that comes with this Python."""
    installs_what_is_locked(project)


def missing(what: str) -> NoReturn:
    if os.environ.get("CHAOSLAB_REQUIRE_NETWORK"):
        pytest.fail(what)
    pytest.skip(what)


def fetched(folder: Path, requirement: str) -> Path:
    """Install an installer, from the index that is configured, into a folder of its own."""
    base = getattr(sys, "_base_executable", sys.executable)
    command = [base, "-m", "pip", "install", "--quiet", "--target", str(folder)]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, requirement], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    if done.returncode:
        *_, why = done.stderr.splitlines() or [""]
        missing(f"{requirement} cannot be fetched: {why}")
    return folder


@pytest.mark.network
@pytest.mark.parametrize("release", ["pip==22.3.1", "pip==23.0.1", "pip"])
def test_the_lock_holds_with_old_and_new_pip(
    project: Project, tmp_path: Path, release: str
) -> None:
    """Pip 23, which Debian 12 has, takes newer releases for extras if it is let."""
    pip = fetched(tmp_path / "pip", release)
    venv = project.root / ".venv"
    subprocess.run(  # noqa: S603 - our own interpreter
        [project.tools / "python3", "-I", "-m", "venv", "--without-pip", venv],
        check=True,
        timeout=LIMIT_S,
    )
    shutil.copytree(pip, next(venv.glob("lib/python*/site-packages")), dirs_exist_ok=True)
    installs_what_is_locked(project)


@pytest.mark.network
def test_the_lock_holds_with_uv(project: Project, tmp_path: Path) -> None:
    """And with the other installer."""
    uv = shutil.which("uv") or fetched(tmp_path / "uv", "uv") / "bin" / "uv"
    (project.tools / "uv").symlink_to(uv)
    installs_what_is_locked(project)
    assert (project.root / ".venv" / "install.log").read_text().startswith("uv,")
