"""Another repository's labs on containers: its services are built into an image of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from harness import labs_folder
from harness.engines.compose.images import FOLDER, image_of
from harness.engines.compose.inventory import CONTENT_LABEL
from tests.cli.workshop import ROOT, SMALL
from tests.engines.compose.runs import LIMIT_S

WORKER, RELAY = ((ROOT / "services" / f"{name}.py").read_text() for name in ("worker", "relay"))
LAB = (
    SMALL.replace("services.relay", "services.till")
    .replace(
        'Service("back", app="services.worker", settings=',
        'Service("mid", app="labs.shop.basket.service", calls=("back",)),\n'
        '        Service("back", app="bank", settings=',
    )
    .replace('calls=("back",), settings={"timeout_ms": 100}', 'calls=("mid",)')
)
FILES = {
    "shop/basket/lab.py": LAB,
    "shop/basket/service.py": RELAY,
    "services/till.py": RELAY,
    "bank.py": "from accounts.kept import Settings, app\n\n__all__ = ['Settings', 'app']\n",
    "accounts/kept.py": WORKER,
    "queue.py": "raise AssertionError('this is not the standard library')\n",
    ".venv/lib/heavy.py": "",
    "env/pyvenv.cfg": "",
    "env/lib/heavy.py": "",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for where, text in FILES.items():
        path = tmp_path / "chaos" / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "chaos"


@pytest.fixture
def client_without_new_images(client: DockerClient) -> Iterator[DockerClient]:
    """Take away what was built for a folder."""
    wanted = {"label": CONTENT_LABEL, "reference": f"chaoslab/{FOLDER}"}
    before = {image.id for image in client.images.list(filters=wanted)}
    yield client
    for image in client.images.list(filters=wanted):
        if image.id not in before:
            client.images.remove(str(image.id))


def test_modules_are_the_folders_own(folder: Path) -> None:
    """Not those of a virtual environment or of a hidden folder in it."""
    found = [path.relative_to(folder).as_posix() for path in labs_folder.modules(folder)]
    assert found == sorted(name for name in FILES if name.endswith(".py") and "heavy" not in name)


@pytest.mark.compose
def test_a_lab_of_another_repository_runs_on_containers(
    folder: Path, client_without_new_images: DockerClient
) -> None:
    """Services from the folder, from its `services` and from beside the lab; stdlib untouched."""
    del client_without_new_images
    words = ("run", "basket", "--labs", "chaos", "--engine", "compose", "--variant", "calm")
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-P", "-m", "harness.cli", *words],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=4 * LIMIT_S,
        check=False,
    )
    kept = list(folder.parent.glob("runs/basket/*/run.json"))
    assert kept, done.stdout + done.stderr
    (measured,) = json.loads(kept[0].read_text())["recordings"]
    assert measured["engine"] == "compose"
    assert measured["good"] > measured["requests"] / 4


def test_which_image_holds_a_service(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's own are where they always are."""
    assert [image_of(app) for app in ("services.relay", "labs.a.b_c.service")] == [
        "services", "b-c",
    ]  # fmt: skip
    monkeypatch.setattr(labs_folder, "_chosen", [folder])
    apps = ("services.relay", "services.till", "bank", "labs.shop.basket.service")
    assert [image_of(app) for app in apps] == ["services", FOLDER, FOLDER, FOLDER]
