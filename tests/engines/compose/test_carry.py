"""Images from elsewhere: pulled, saved and loaded."""

import gzip
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import IO

import pytest
from docker import DockerClient

from harness.engines.compose import build, carry, images, inventory
from harness.engines.compose.images import BY_NAME, IMAGES, PUBLIC_BASE
from harness.errors import EnvironmentNotReadyError
from tests.engines.compose.workbench import MB, FakeEngine, as_client, ignore, write

SOURCES = [image.source for image in IMAGES if image.source]
BINARIES = {
    "prometheus": ("bin/prometheus",),
    "redis": ("usr/local/bin/redis-server", "usr/local/bin/redis-cli"),
    "toxiproxy": ("toxiproxy",),
}
"""Where the registries' images have what is taken from them."""


@pytest.fixture
def carrying(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Let `carry` use the engine that builds nothing."""
    monkeypatch.setattr(carry, "connect", lambda: engine)
    return engine


def test_what_is_pulled_is_pinned() -> None:
    """A version or a digest, never what happens to be the latest."""
    for one in (PUBLIC_BASE, *SOURCES):
        name, _, tag = one.partition("@")[0].rpartition(":")
        assert name.startswith(("docker.io/", "ghcr.io/"))
        assert tag[0].isdigit() or tag.startswith("v2.")


def test_a_pull_takes_what_registries_have_and_builds_the_rest_upon_it(
    carrying: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither Debian's packages nor Go are needed, and later builds stay with it."""
    pulled: list[str] = []

    def pull(command: list[str], _: str) -> None:
        assert command[:3] == ["docker", "pull", "--quiet"]
        pulled.append(command[3])

    monkeypatch.setattr(carry, "run_step", pull)
    carry.pull(ignore)
    assert pulled == [PUBLIC_BASE, *SOURCES]
    assert carrying.built == [image.name for image in IMAGES]
    assert {f"--build-arg=SOURCE={source}" for source in SOURCES} <= set(carrying.arguments)
    made = {path.name.partition("-")[0] for path in (tmp_path / "cache" / "chaoslab").iterdir()}
    assert made == {"lock", "wheels"}
    assert images.chosen_base() == PUBLIC_BASE


def test_a_pull_with_no_registry_is_one_line(carrying: FakeEngine, tmp_path: Path) -> None:
    """It says why and what needs none; what this tree stands on stays as it was."""

    def refuse(command: list[str], what: str, stdin: IO[bytes] | None = None) -> None:
        carrying.real_run(["sh", "-c", "echo no such host >&2; exit 1", *command], what, stdin)

    (tmp_path / "cache" / "chaoslab").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(carry, "run_step", refuse)
        with pytest.raises(EnvironmentNotReadyError) as caught:
            carry.pull(ignore)
    line = str(caught.value)
    name = PUBLIC_BASE.partition("@")[0]
    assert line.startswith(f"docker pull {name} failed: no such host")
    assert line.endswith("; ./lab images build needs no registry")
    assert "\n" not in line
    assert (carrying.built, images.chosen_base()) == ([], "")


def test_half_a_set_is_not_saved(carrying: FakeEngine, tmp_path: Path) -> None:
    """A classroom would find out too late."""
    build.build(ignore, names=["services"])
    file = tmp_path / "set.tar.gz"
    with pytest.raises(EnvironmentNotReadyError, match=r"no image of locust, .*images build"):
        carry.save(file, ignore)
    assert not file.exists()
    assert carrying.closed


def test_a_tree_takes_over_what_loaded_images_stand_on(
    carrying: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Images that were pulled where there is a network are used where there is none."""
    build.build(ignore, base=PUBLIC_BASE)
    images.choose_base("")
    assert inventory.missing(as_client(carrying))
    monkeypatch.setattr(carry, "run_step", lambda *_: None)
    (tmp_path / "set.tar.gz").touch()
    carry.load(tmp_path / "set.tar.gz", ignore)
    assert images.chosen_base() == PUBLIC_BASE
    assert not inventory.missing(as_client(carrying))


def test_a_set_of_another_days_packages_is_taken_over(
    carrying: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A class has what its instructor has refreshed; what is missing leaves the day as it was."""
    images.choose_snapshot("20270101")
    build.build(ignore)
    monkeypatch.setattr(carry, "run_step", lambda *_: None)
    (tmp_path / "set.tar.gz").touch()
    images.choose_snapshot(images.SNAPSHOT)
    carry.load(tmp_path / "set.tar.gz", ignore)
    assert images.snapshot() == "20270101"
    images.choose_snapshot(images.SNAPSHOT)
    del carrying.held[next(tag for tag in carrying.held if "/redis:" in tag)]
    with pytest.raises(EnvironmentNotReadyError, match="holds no redis"):
        carry.load(tmp_path / "set.tar.gz", ignore)
    assert images.snapshot() == images.SNAPSHOT


def test_images_of_another_version_are_told(
    carrying: FakeEngine, checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A run would not take them; sources may differ, for they are built from the tree."""
    build.build(ignore)
    monkeypatch.setattr(carry, "run_step", lambda *_: None)
    (tmp_path / "set.tar.gz").touch()
    write(checkout / "services" / "relay.py", "x = 1\n")
    carry.load(tmp_path / "set.tar.gz", ignore)
    write(checkout / "compose" / "images" / "wheels.sh", "mkdir $1/site\n")
    with pytest.raises(EnvironmentNotReadyError, match="holds no runtime, locust as this version"):
        carry.load(tmp_path / "set.tar.gz", ignore)
    assert images.chosen_base() == ""
    assert len(carrying.built) == len(IMAGES)


OWN = (
    "services/context.py",
    "harness/engines/compose/loadgen.py",
    "labs/delivery/config_push/service.py",
)
"""A file of each image that holds sources of the tree."""


@pytest.mark.compose
def test_the_set_goes_through_a_file(
    full_client: DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All images are in one file with shared layers once; what was removed comes back from it."""
    for folder in ("services", "labs", "harness"):
        shutil.copytree(images.ROOT / folder, tmp_path / folder)
    # Images that nobody else on this engine has, so that they can be removed.
    for marked in OWN:
        write(tmp_path / marked, f"{(tmp_path / marked).read_text()}\n# {tmp_path}\n")
    before = images.references()
    monkeypatch.setattr(images, "ROOT", tmp_path)
    own = {name: images.reference(name) for name, image in BY_NAME.items() if image.sources}
    assert not set(own.values()) & set(before.values())
    build.build(ignore)
    try:
        file = tmp_path / "set.tar.gz"
        said: list[str] = []
        carry.save(file, said.append)
        assert said[0].startswith(f"{len(IMAGES)} images of ")
        with gzip.open(file) as packed, tarfile.open(fileobj=packed) as archive:
            manifest = json.load(archive.extractfile("manifest.json") or io.BytesIO())
        assert {tag for one in manifest for tag in one["RepoTags"]} == {
            *images.references().values()
        }
        total = inventory.total_bytes(inventory.status(full_client))
        assert 0.2 * total < file.stat().st_size < 0.8 * total < 480 * MB
        for tag in own.values():
            full_client.images.remove(tag)
        assert {one.name for one in inventory.missing(full_client)} == own.keys()
        carry.load(file, ignore)
        assert not inventory.missing(full_client)
    finally:
        for tag in own.values():
            full_client.images.remove(tag)


@pytest.mark.compose
def test_a_file_that_is_no_archive_is_one_line(full_client: DockerClient, tmp_path: Path) -> None:
    """What Docker says of it, and nothing is taken over."""
    assert not inventory.missing(full_client)
    (tmp_path / "notes.txt").write_text("not images\n")
    with pytest.raises(EnvironmentNotReadyError, match=r"load of .*notes\.txt failed: ") as caught:
        carry.load(tmp_path / "notes.txt", ignore)
    assert "\n" not in str(caught.value)


@pytest.mark.compose
@pytest.mark.parametrize("name", BINARIES)
def test_recipes_for_registries_take_binaries_from_where_they_are(
    full_client: DockerClient, name: str, tmp_path: Path
) -> None:
    """Tried on a stand-in with programs at the same places: there is no registry here."""
    tag = f"chaoslab/tried:{tmp_path.name.lower()}"
    (_, recipe), *files = BY_NAME[name].inputs(PUBLIC_BASE)
    context = tmp_path / "context"
    for beside, file in files:
        write(context / beside, file.read_text())
    for place in BINARIES[name]:
        write(context / place, "#!/bin/sh\necho stand-in\n")
        (context / place).chmod(0o755)
    write(tmp_path / "source.Dockerfile", "FROM scratch\nCOPY . /\n")
    try:
        for suffix, file, arguments in (
            ("source", tmp_path / "source.Dockerfile", []),
            ("made", recipe, [f"PARENT={images.reference('base')}", f"SOURCE={tag}source"]),
        ):
            options = [f"--build-arg={argument}" for argument in arguments]
            command = ["docker", "build", "--network=none", f"--file={file}", *options]
            build.run_step([*command, f"--tag={tag}{suffix}", str(context)], "the trial")
        said = full_client.containers.run(
            f"{tag}made", ["ls", "/usr/bin"], network_mode="none", remove=True
        )
        wanted = {"toxiproxy-server"} if name == "toxiproxy" else set(BINARIES[name])
        assert {Path(one).name for one in wanted} <= set(said.decode().split())
    finally:
        for suffix in ("made", "source"):
            full_client.images.remove(f"{tag}{suffix}", force=True)
