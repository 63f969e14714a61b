"""Fixtures of the images' tests: a small checkout, an engine that builds nothing, a real one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest
from docker import DockerClient

from harness.engines.compose import build, images, inventory
from harness.engines.compose.client import why_not
from tests.engines.compose.workbench import SCRIPTS, FakeEngine, ignore, write


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a small checkout whose scripts make next to nothing, with an empty cache."""
    root = tmp_path / "checkout"
    shutil.copytree(images.RECIPES, root / "compose" / "images")
    for name, script in SCRIPTS.items():
        write(root / "compose" / "images" / name, script)
    for package in ("services", "labs", "harness"):
        write(root / package / "__init__.py", "")
    for image in images.IMAGES:
        for program in image.programs:
            write(root / program, "")
    monkeypatch.setattr(images, "ROOT", root)
    for module in (images, build):
        monkeypatch.setattr(module, "RECIPES", root / "compose" / "images")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return root


@pytest.fixture
def engine(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Give an engine with no images, and the checkout to build them from."""
    assert checkout.exists()
    fake = FakeEngine()
    monkeypatch.setattr(build, "connect", lambda: fake)
    monkeypatch.setattr(build, "run_step", fake.run)
    return fake


@pytest.fixture(scope="module")
def full_client() -> Iterator[DockerClient]:
    """Connect to a real engine with the whole set, as this tree is now."""
    hoped_for = {"CHAOSLAB_REQUIRE_ENGINE", "DOCKER_HOST"} & os.environ.keys()
    if not hoped_for and not Path("/var/run/docker.sock").exists():
        pytest.skip("no Docker engine here")
    build.build(ignore)
    with closing(inventory.connect()) as real:
        yield real


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    """Connect to an engine that can run labs."""
    missing = why_not()
    if missing:
        pytest.skip(missing)
    with closing(docker.from_env()) as connected:
        yield connected
