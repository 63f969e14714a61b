"""The image set: what makes an image stale, what a build does about it, what the images hold."""

import io
import os
import re
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NoReturn

import docker
import pytest
from docker import DockerClient
from docker.errors import DockerException

from harness.engines.compose import build, images, inventory, sbom
from harness.engines.compose.images import BY_NAME, IMAGES, reference
from harness.engines.compose.inventory import State
from harness.errors import EnvironmentNotReadyError
from tests.engines.compose.workbench import MB, FakeEngine, as_client, ignore, states, write

OF_LABS = {image.name for image in IMAGES if image.parent == "services"}
LOADGEN = """from typing import TYPE_CHECKING
from services import tracing
if TYPE_CHECKING:
    from harness import runner
"""


def test_parents_come_before_children() -> None:
    """A build that takes the set in its order never lacks a parent."""
    seen: set[str | None] = {None}
    for image in IMAGES:
        assert image.parent in seen
        seen.add(image.name)
    assert len(seen) == len(IMAGES) + 1


def test_what_comes_from_a_registry_is_named_by_its_digest() -> None:
    """A version can be pushed anew; a digest is one image for ever."""
    sources = [image.source for image in IMAGES if image.source]
    assert len(sources) >= 3
    for source in [images.PUBLIC_BASE, *sources]:
        assert re.fullmatch(r"[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}", source)


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: str(image.name))
def test_every_image_stands_on_the_parent_that_it_is_given(image: images.Image) -> None:
    """The set alone says what stands on what; a Dockerfile that names another would escape it."""
    for base in ("", images.PUBLIC_BASE):
        _, recipe = next(image.inputs(base))
        lines = recipe.read_text().splitlines()
        assert [line for line in lines if line.startswith("FROM ")][-1] == "FROM ${PARENT}"


@pytest.mark.parametrize(
    ("changed", "stale"),
    [
        ("services/relay.py", {"services", *OF_LABS}),
        ("services/tracing.py", {"services", *OF_LABS, "load"}),
        ("labs/cascades/retry_storm/lab.py", set()),
        ("labs/delivery/config_push/lab.py", set()),
        ("labs/delivery/config_push/service.py", {"config-push"}),
        ("labs/delivery/another/service.py", set()),
        ("harness/runner.py", set()),
        ("harness/engines/compose/loadgen.py", {"load"}),
        ("harness/engines/compose/first_seconds.py", {"prometheus"}),
        ("harness/engines/compose/stdio_agent.py", {"prometheus", "toxiproxy"}),
        ("compose/images/redis.Dockerfile", {"redis"}),
        ("compose/images/wheels.sh", {"runtime", "services", *OF_LABS, "locust", "load"}),
        ("compose/images/debian.sh", set(BY_NAME)),
        ("labs/cascades/retry_storm/README.md", set()),
    ],
)
def test_a_change_makes_stale_what_it_goes_into(
    checkout: Path, changed: str, stale: set[str]
) -> None:
    """A hash covers an image's own inputs and its ancestors', and nothing else."""
    write(checkout / "harness" / "engines" / "compose" / "loadgen.py", LOADGEN)
    before = {image.name: images.content_hash(image) for image in IMAGES}
    write(checkout / changed, "# changed\n")
    after = {image.name: images.content_hash(image) for image in IMAGES}
    assert {name for name in before if before[name] != after[name]} == stale


def test_a_renamed_source_makes_stale(checkout: Path) -> None:
    """Two trees with the same bytes under other names are not the same image."""
    services = BY_NAME["services"]
    write(checkout / "services" / "relay.py", "x = 1\n")
    before = images.content_hash(services)
    (checkout / "services" / "relay.py").rename(checkout / "services" / "worker.py")
    assert images.content_hash(services) != before


def test_another_base_makes_everything_stale() -> None:
    """Whatever stands on another base is another image."""
    for image in IMAGES:
        assert images.content_hash(image) != images.content_hash(image, base="python:3.11")


def test_wheels_are_pinned_by_hash_for_the_containers_python() -> None:
    """Debian's Python 3.11.2 gets async-timeout, whatever Python runs this; Windows nothing."""
    services = images.SERVICE_WHEELS.feed().splitlines()
    locust = images.LOCUST_WHEELS.feed().splitlines()
    assert all("==" in line and "--hash=sha256:" in line for line in services + locust)
    names = {line.partition("==")[0] for line in services}
    assert {"aiohttp", "async-timeout", "multidict", "prometheus-client", "redis"} <= names
    assert {"gevent", "locust", "pyzmq"} <= {line.partition("==")[0] for line in locust}
    assert not any(line.startswith(("pywin32", "colorama", "pytest")) for line in locust)


def test_a_build_makes_the_whole_set_once(engine: FakeEngine) -> None:
    """The first build makes all in order, the second nothing."""
    assert set(states(as_client(engine)).values()) == {State.MISSING}
    build.build(ignore)
    assert engine.built == [image.name for image in IMAGES]
    assert not inventory.missing(as_client(engine))
    build.build(ignore)
    assert len(engine.built) == len(IMAGES)
    assert engine.closed


def test_a_build_makes_what_a_change_made_stale(engine: FakeEngine, checkout: Path) -> None:
    """Nothing is built again that did not change."""
    build.build(ignore)
    engine.built.clear()
    write(checkout / "services" / "relay.py", "x = 1\n")
    stale = {"services", *OF_LABS}
    assert {one.name for one in inventory.missing(as_client(engine))} == stale
    build.build(ignore)
    assert {*engine.built} == stale


def test_a_refresh_takes_the_packages_of_today(engine: FakeEngine, checkout: Path) -> None:
    """Every image stands on them, and so has another name; without one, they stay as they are."""
    assert images.snapshot() == images.SNAPSHOT
    write(checkout / "compose" / "images" / images.CHOSEN_SNAPSHOT, "20260101\n")
    build.build(ignore)
    assert all(":20260101-" in tag for tag in engine.held)
    engine.built.clear()
    build.build(ignore, refresh=True)
    today = datetime.now(UTC).strftime("%Y%m%d")
    assert images.snapshot() == today
    assert engine.built == [image.name for image in IMAGES]
    assert all(f":{today}-" in reference(image.name) for image in IMAGES)
    build.build(ignore)
    assert images.snapshot() == today


def test_a_long_step_says_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every few seconds, with what it is and how long it has taken."""
    monkeypatch.setattr(build, "PROGRESS_S", 0.05)
    said: list[str] = []
    with _held_open(said) as source:
        build.run_step(["sh", "-c", "read line"], "debian.sh", source, said.append)
    assert said
    assert all(line.startswith("  debian.sh goes on, ") for line in said)


def _held_open(said: list[str]) -> IO[bytes]:
    """Give input that comes when something has been said."""
    reading, writing = os.pipe()

    def feed() -> None:
        while not said:
            threading.Event().wait(0.01)
        os.write(writing, b"go\n")
        os.close(writing)

    threading.Thread(target=feed).start()
    return os.fdopen(reading, "rb")


def test_an_image_lists_its_packages_and_its_parents(tmp_path: Path) -> None:
    """By labels, which children inherit; names and versions as scanners read them."""
    (tmp_path / sbom.FILE).write_text(
        "pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64\npkg:golang/github.com/a/b@v1.2.3\n"
    )
    own = sbom.labels("base", tmp_path)
    assert sbom.labels("services", None) == {}
    inherited = {**own, "chaoslab.packages.runtime": "pkg:pypi/redis@8.1.0", "other": "x"}
    document = sbom.cyclonedx("chaoslab/runtime:20261128-abc", inherited)
    assert document["metadata"]["component"]["version"] == "20261128-abc"
    assert [(one["name"], one["version"]) for one in document["components"]] == [
        ("bash", "5.2.15-2+b7"),
        ("github.com/a/b", "v1.2.3"),
        ("redis", "8.1.0"),
    ]


def test_a_named_image_is_built_with_its_parents(engine: FakeEngine) -> None:
    """Asking for the services does not build Redis."""
    build.build(ignore, names=["services"])
    assert engine.built == ["base", "runtime", "services"]


def test_a_parent_that_was_removed_is_built_without_its_children(engine: FakeEngine) -> None:
    """A child that is as it would be built today stays."""
    build.build(ignore)
    engine.built.clear()
    del engine.held[reference("base")]
    build.build(ignore)
    assert engine.built == ["base"]


def test_a_chosen_base_is_kept_until_another_is_chosen(engine: FakeEngine, tmp_path: Path) -> None:
    """A base from a registry needs no Debian packages, and stays the base of later builds."""
    build.build(ignore, names=["services"], base="python:3.11-slim-bookworm")
    assert "--build-arg=PARENT=python:3.11-slim-bookworm" in engine.arguments
    assert not list((tmp_path / "cache" / "chaoslab").glob("debian-*"))
    assert images.chosen_base() == "python:3.11-slim-bookworm"
    build.build(ignore, names=["services"])
    assert engine.built == ["base", "runtime", "services"]
    build.build(ignore, base="")
    assert not images.chosen_base()
    assert not inventory.missing(as_client(engine))


def test_two_versions_live_side_by_side(engine: FakeEngine, checkout: Path) -> None:
    """Going back to a version builds nothing: its images are still there under their own names."""
    build.build(ignore)
    first = images.references()
    write(checkout / "services" / "relay.py", "x = 1\n")
    build.build(ignore)
    second = images.references()
    assert {name for name in first if first[name] != second[name]} == {
        "services",
        *OF_LABS,
    }
    assert {*first.values(), *second.values()} == engine.held.keys()
    engine.built.clear()
    (checkout / "services" / "relay.py").unlink()
    build.build(ignore)
    assert engine.built == []
    assert images.references() == first


def test_cleaning_spares_this_trees_images_and_those_in_use(
    engine: FakeEngine, checkout: Path
) -> None:
    """What a container of another version runs on stays, and what was freed is told."""
    client = as_client(engine)
    versions = []
    for content in ("x = 1\n", "x = 2\n", "x = 3\n"):
        write(checkout / "services" / "relay.py", content)
        build.build(ignore)
        versions.append({name: reference(name) for name in ("services", *OF_LABS)})
    first, second, third = versions
    engine.used = {second["services"], third["services"]}
    removed, freed_bytes = inventory.remove_others(client)
    old = {*first.values(), *second.values()} - {second["services"]}
    assert removed == sorted(old)
    assert freed_bytes == len(old) * 5 * MB
    assert inventory.others(client) == [second["services"]]
    assert not inventory.missing(client)


def test_a_file_that_changes_while_it_is_packed_is_not_built_under_the_old_name(
    engine: FakeEngine, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tag says what is in the image, also when an editor saves at the wrong moment."""
    pack = build._context  # noqa: SLF001 -- what stands in for it hands on to it

    def edited(image: images.Image, made: Path | None, base: str) -> Any:
        if image.name == "services":
            write(checkout / "services" / "relay.py", "x = 1\n")
        return pack(image, made, base)

    monkeypatch.setattr(build, "_context", edited)
    with pytest.raises(EnvironmentNotReadyError, match="changed while it was read: try again"):
        build.build(ignore)
    assert "services" not in engine.built
    build.build(ignore)
    assert not inventory.missing(as_client(engine))


def test_made_files_outlive_the_images(engine: FakeEngine) -> None:
    """After `docker image rm`, no script runs again."""
    reported: list[str] = []
    build.build(reported.append)
    assert len([line for line in reported if line.startswith("making ")]) == 4
    engine.held.clear()
    reported.clear()
    build.build(reported.append)
    assert not [line for line in reported if line.startswith("making ")]


def test_a_failed_step_says_its_last_line_and_leaves_no_half_made_files(
    engine: FakeEngine, checkout: Path, tmp_path: Path
) -> None:
    """What failed is not taken for made by the next build."""
    script = "mkdir $1/toxiproxy; echo one; echo Go is missing: install it >&2; exit 1"
    write(checkout / "compose" / "images" / "toxiproxy.sh", script)
    with pytest.raises(EnvironmentNotReadyError, match=r"toxiproxy.sh failed: Go is missing") as it:
        build.build(ignore)
    assert "\n" not in str(it.value)
    cache = tmp_path / "cache" / "chaoslab"
    assert (cache / "failed.log").read_text().startswith("one\n")
    assert not list(cache.glob("toxiproxy-*"))
    assert not list(cache.glob(f"{build.MAKING}*"))
    assert "toxiproxy" not in engine.built


def test_a_step_that_hangs_is_ended(
    engine: FakeEngine, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step's children are ended with it, or its output would never end."""
    monkeypatch.setattr(build, "STEP_LIMIT_S", 0.2)
    write(checkout / "compose" / "images" / "toxiproxy.sh", "sleep 600")
    with pytest.raises(EnvironmentNotReadyError, match=r"toxiproxy.sh took over 0.2 s"):
        build.build(ignore, names=["toxiproxy"])
    assert engine.built == ["base"]


def test_what_a_killed_build_left_is_swept_away(engine: FakeEngine, tmp_path: Path) -> None:
    """A build that had no chance to clean up costs no disk for ever."""
    left = tmp_path / "cache" / "chaoslab" / f"{build.MAKING}0" / "made"
    left.mkdir(parents=True)
    build.build(ignore, names=["base"])
    assert not left.parent.exists()
    assert engine.built == ["base"]


def test_an_unknown_name_is_an_error_that_lists_the_names(engine: FakeEngine) -> None:
    """A typo is answered before anything is built."""
    with pytest.raises(EnvironmentNotReadyError, match=r"no image is called redsi: .* redis"):
        build.build(ignore, names=["redsi"])
    assert not engine.built


def test_a_missing_command_is_named(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine may answer where Docker's command line is not installed."""
    monkeypatch.setattr(build, "run_step", engine.real_run)
    build_path = shutil.which
    monkeypatch.setattr(shutil, "which", lambda it: None if it == "docker" else build_path(it))
    with pytest.raises(EnvironmentNotReadyError, match="needs docker on PATH"):
        build.build(ignore, names=["base"])


def test_no_engine_is_one_line_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own message is a page."""

    def refuse(**_: object) -> NoReturn:
        raise DockerException("connection refused")

    monkeypatch.setattr(docker, "from_env", refuse)
    with pytest.raises(EnvironmentNotReadyError, match=r"start Docker, or run \.ci/engine"):
        inventory.connect()


def test_a_refresh_builds_only_what_holds_sources(engine: FakeEngine, checkout: Path) -> None:
    """A run on containers starts with the services as they are on disk."""
    build.build(ignore)
    engine.built.clear()
    build.refresh_sources(ignore, as_client(engine))
    assert engine.built == []
    write(checkout / "services" / "relay.py", "x = 1\n")
    build.refresh_sources(ignore, as_client(engine), {"services"})
    assert engine.built == ["services"]
    build.refresh_sources(ignore, as_client(engine))
    assert not inventory.missing(as_client(engine))


def test_a_run_takes_the_images_of_its_tree_and_no_others(
    engine: FakeEngine, checkout: Path
) -> None:
    """An older image of another recipe does not stand in for the one that is missing."""
    build.build(ignore)
    assert build.refresh_sources(ignore, as_client(engine)) == images.references()
    engine.built.clear()
    write(checkout / "compose" / "images" / "runtime.Dockerfile", "FROM ${PARENT}\n")
    with pytest.raises(EnvironmentNotReadyError, match="no image of locust, runtime: run"):
        build.refresh_sources(ignore, as_client(engine))
    assert engine.built == []


def test_a_refresh_without_the_set_says_how_to_get_it(engine: FakeEngine) -> None:
    """It never takes the minute that a whole build takes by surprise."""
    with pytest.raises(EnvironmentNotReadyError, match=r"no image of base, .*lab images build"):
        build.refresh_sources(ignore, as_client(engine))
    assert not engine.built


def test_shared_layers_count_once(engine: FakeEngine) -> None:
    """A child's size includes its parent's, so the set is smaller than the sum."""
    build.build(ignore)
    for index, image in enumerate(IMAGES):
        engine.held[reference(image.name)]["Size"] = (
            100 if image.name == "base" else 110 + index
        ) * MB
    sizes = {one.name: one.size_bytes // MB for one in inventory.status(as_client(engine))}
    assert sizes["runtime"] == 111
    of_labs = sum(sizes[name] - sizes["services"] for name in OF_LABS)
    expected = 100 + 11 + (112 - 111) + (113 - 111) + (114 - 113) + 15 + 16 + 17 + of_labs
    assert inventory.total_bytes(inventory.status(as_client(engine))) == expected * MB


def output(client: DockerClient, name: str, *command: str) -> str:
    """Run a command in a container as a lab's would: no network, nothing to write to."""
    said = client.containers.run(
        reference(name),
        list(command[1:]),
        entrypoint=[command[0]],
        network_mode="none",
        read_only=True,
        remove=True,
        stderr=True,
    )
    return said.decode()


@pytest.mark.compose
def test_a_second_build_does_nothing(full_client: DockerClient) -> None:
    """What was just built is what would be built; sources may change beside this, parents not."""
    names = [image.name for image in IMAGES if not image.sources]
    before = {name: full_client.images.get(reference(name)).id for name in names}
    reported: list[str] = []
    build.build(reported.append, names=names)
    assert [line.partition(",")[0] for line in reported] == [f"{len(names)} images ready"]
    assert before == {name: full_client.images.get(reference(name)).id for name in names}


@pytest.mark.compose
def test_the_set_is_small(full_client: DockerClient) -> None:
    """It fits on a classroom's memory stick and through its network."""
    assert 100 * MB < inventory.total_bytes(inventory.status(full_client)) < 600 * MB


@pytest.mark.compose
@pytest.mark.parametrize("image", IMAGES, ids=lambda image: str(image.name))
def test_every_container_runs_as_chaos(full_client: DockerClient, image: images.Image) -> None:
    """No container of a lab is root, and each has a shell to write its configuration with."""
    assert output(full_client, image.name, "/bin/sh", "-c", "id -un; id -u").split() == [
        "chaos",
        "10001",
    ]


@pytest.mark.compose
@pytest.mark.parametrize(
    ("name", "command", "expected"),
    [
        ("base", "python3 --version", "Python 3.11."),
        ("toxiproxy", "/usr/bin/toxiproxy-server --version", "version 2.12.0"),
        ("prometheus", "/usr/bin/prometheus --version", "prometheus, version 2."),
        ("redis", "/usr/bin/redis-server --version", "Redis server v=7."),
        ("redis", "/usr/bin/redis-cli --version", "redis-cli 7."),
    ],
)
def test_each_binary_says_its_version(
    full_client: DockerClient, name: str, command: str, expected: str
) -> None:
    """The binaries find their libraries, and are what the docs say."""
    assert expected in output(full_client, name, *command.split())


@pytest.mark.compose
@pytest.mark.parametrize(
    ("name", "modules"),
    [
        ("services", "aiohttp, prometheus_client, redis.asyncio, services.worker"),
        ("load", "locust.env, locust.runners, harness.engines.compose.loadgen"),
        ("config-push", "services.main, labs.delivery.config_push.service"),
    ],
)
def test_python_images_can_import_what_they_are_for(
    full_client: DockerClient, name: str, modules: str
) -> None:
    """What was left out of the wheels is not needed, and starting needs no compiling."""
    tell = f"import {modules}, aiohttp; print(aiohttp.__version__, aiohttp.client.__cached__)"
    version, cached = output(full_client, name, "python3", "-c", tell).split()
    assert f"aiohttp=={version} " in images.SERVICE_WHEELS.feed()
    assert output(full_client, name, "/bin/sh", "-c", f"ls {cached}").strip() == cached


@pytest.mark.compose
def test_an_image_of_sources_starts_its_program(full_client: DockerClient) -> None:
    """The entry points are modules, so that a Compose file need not know where they are."""
    entry_points = {
        name: full_client.images.get(reference(name)).attrs["Config"]["Entrypoint"]
        for name in ("services", "load")
    }
    assert entry_points == {
        "services": ["python3", "-m", "services.main"],
        "load": ["python3", "-m", "harness.engines.compose.loadgen"],
    }


@pytest.mark.compose
def test_the_engine_keeps_an_image_that_a_container_uses(
    full_client: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Removal is refused as the code expects it, and done once the container has gone."""
    tags = [f"chaoslab/tried:{letter}{os.getpid()}" for letter in "ab"]
    for tag in tags:
        recipe = f'FROM scratch\nLABEL {inventory.CONTENT_LABEL}="{tag}"\nCMD ["/none"]\n'
        full_client.images.build(fileobj=io.BytesIO(recipe.encode()), tag=tag, rm=True)
    others = inventory.others
    assert set(tags) <= set(others(full_client))
    # The engine is shared: only what this test has made may go.
    monkeypatch.setattr(inventory, "others", lambda it: [one for one in others(it) if one in tags])
    container = full_client.containers.create(tags[0])
    try:
        assert inventory.remove_others(full_client)[0] == [tags[1]]
    finally:
        container.remove()
    assert inventory.remove_others(full_client)[0] == [tags[0]]
    assert not set(tags) & set(others(full_client))
