"""The containers of one run: created together, followed, reached, and removed for good."""

import os
import secrets
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Self

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from harness.engines.compose import janitor, machine
from harness.engines.compose.interrupts import uninterrupted
from harness.engines.compose.logs import Follower, tail
from harness.engines.compose.outside import Watch
from harness.engines.compose.parts import UID, Owner, project_part
from harness.errors import EnvironmentNotReadyError

CREATE_LIMIT_S = 60
SETTLE_LIMIT_S = 10.0
SETTLE_S = 0.2
FOLLOW_LIMIT_S = 5.0
STOP_LIMIT_S = 10
EXPIRY_S = 600
SERVICE_LABEL = "com.docker.compose.service"

OnLine = Callable[[str, str | None], None]
"""Hears a service's name and a line of its log, or None when the log has ended."""


class Stack:
    """A context: inside it containers may be started, after it nothing of them is left."""

    def __init__(self, client: DockerClient, owner: Owner, compose_yaml: str, logs: Path) -> None:
        self.owner = owner
        self.logs = _new_folder(logs)
        self.containers: dict[str, Container] = {}
        self._client = client
        self._file = self.logs / "compose.yaml"
        self._file.write_text(compose_yaml)
        self._followers: dict[str, Follower] = {}
        self._creating: subprocess.Popen[str] | None = None
        self._watch: Watch | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with uninterrupted():
            if self._watch:
                self._watch.close()
            if self._creating and self._creating.poll() is None:
                os.killpg(self._creating.pid, signal.SIGKILL)
                self._creating.wait()
            self._remove_all()
            self._await_logs()

    def _remove_all(self) -> None:
        """Remove whatever is this run's, until nothing of it is left.

        A Compose that has failed or been killed leaves requests with the engine: a container may
        come to be while its volume is being removed, which the engine then refuses.
        """
        until_s = time.monotonic() + SETTLE_LIMIT_S
        while found := janitor.resources(self._client, self.owner.run):
            try:
                janitor.remove(self._client, found)
            except EnvironmentNotReadyError as error:
                if time.monotonic() > until_s:
                    janitor.pass_over(janitor.resources(self._client, self.owner.run), error)
                    break
                time.sleep(SETTLE_S)

    def create(self) -> None:
        """Create networks, volumes and containers, and start nothing.

        Compose tells of each on a pipe, and so dies of its next line when this process is killed.

        Raises:
            EnvironmentNotReadyError: Compose refuses; its last line says why.

        """
        command = ["docker", "compose", "-p", self.owner.run, "-f", str(self._file), "create"]
        try:
            self._creating = subprocess.Popen(  # noqa: S603 - the file is this engine's own
                [*command, "--no-build", "--pull", "never"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            _, said = self._creating.communicate(timeout=CREATE_LIMIT_S)
        except (FileNotFoundError, subprocess.TimeoutExpired) as error:
            raise EnvironmentNotReadyError(f"docker compose create failed: {error}") from error
        if self._creating.returncode:
            last = said.strip().rpartition("\n")[2]
            raise EnvironmentNotReadyError(f"docker compose create failed: {last}")
        mine = {"label": [f"{janitor.RUN_LABEL}={self.owner.run}"]}
        for container in self._client.containers.list(all=True, filters={**mine}):
            self.containers[container.labels[SERVICE_LABEL]] = container

    def watch(self, hear: Callable[[str, str], None]) -> None:
        """Hear from now on what others do to the containers, by name and in words."""
        self._watch = Watch(self.containers, hear)
        self._watch.start()

    def expect(self, name: str, action: str) -> None:
        """Say that this run is about to do something to a container itself."""
        if self._watch:
            self._watch.expect(name, action)

    def start_all(self, on_line: OnLine, *, spans: bool = False) -> None:
        """Start every container and follow its log; `on_line` hears spans if they are wanted."""
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(lambda name: self.start(name, on_line, spans=spans), self.containers))

    def start(self, name: str, on_line: OnLine, *, spans: bool = False) -> None:
        """Start one container and follow its log."""
        container = self.containers[name]
        container.start()
        follower = Follower(container, self.log(name), partial(on_line, name), spans=spans)
        self._followers[name] = follower
        follower.start()

    def stop_all(self, but: str) -> None:
        """End every process at once, but one's if named; wait until their logs are on disk."""
        if self._watch:
            self._watch.close()
        others = [one for name, one in self.containers.items() if name != but]
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(_kill, others))
        self._await_logs(but)

    def stop_and_copy(self, name: str, path: str, into: Path) -> None:
        """Let one container end in order, and copy a folder of it that lies on a volume.

        Raises:
            EnvironmentNotReadyError: it did not end in order.

        """
        container = self.containers[name]
        container.stop(timeout=STOP_LIMIT_S)
        container.reload()
        if container.attrs["State"]["ExitCode"]:
            raise EnvironmentNotReadyError(f"{name} {self.how_it_ended(name)}")
        into.mkdir(parents=True)
        with tempfile.TemporaryFile() as file:
            chunks, _ = container.get_archive(path)
            file.writelines(chunks)
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                archive.extractall(into, filter="data")

    def copy_in(self, name: str, folder: Path, path: str) -> None:
        """Put a folder under a path of a volume of a container that has not started yet."""
        with tempfile.TemporaryFile() as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                archive.add(folder, arcname=folder.name, filter=_owned)
            file.seek(0)
            self.containers[name].put_archive(path, file)

    def log(self, name: str) -> Path:
        """Give the file in which a service's log is kept."""
        return self.logs / f"{name}.log"

    def port(self, name: str, inside: int) -> int:
        """Give the port of this machine under which a container's port is published."""
        container = self.containers[name]
        container.reload()
        published = container.ports.get(f"{inside}/tcp")
        if not published:
            raise EnvironmentNotReadyError(f"{name} has ended: {tail(self.log(name))}")
        return int(published[0]["HostPort"])

    def how_it_ended(self, name: str, code: int | None = None) -> str:
        """Say how a container has ended, or its process with a code, with the last that it said."""
        state = self._state(name)
        if not state:
            return "was removed from outside"
        if state["Running"] and code is None:
            return "is running, but its log broke off"
        code = state["ExitCode"] if code is None else code
        how = "ran out of memory" if state["OOMKilled"] else f"ended with code {code}"
        return f"{how}: {tail(self.log(name))}"

    def check_logs(self) -> None:
        """Raise what the disk said when it did not take a log, which is no fault of a service."""
        for follower in self._followers.values():
            if follower.refused:
                raise follower.refused

    def states(self) -> dict[str, str]:
        """Give the engine's word for the state of each container that there is, by one question."""
        mine = {"label": [f"{janitor.RUN_LABEL}={self.owner.run}"]}
        rows = self._client.api.containers(all=True, filters=mine)
        return {row["Labels"][SERVICE_LABEL]: row["State"] for row in rows}

    def over(self) -> list[str]:
        """Name the containers that do not run any more, or are not even there."""
        return [name for name in self.containers if not self._state(name).get("Running")]

    def _state(self, name: str) -> Mapping[str, Any]:
        """Ask for a container's state; it has none when it is gone."""
        try:
            self.containers[name].reload()
        except NotFound:
            return {}
        state: Mapping[str, Any] = self.containers[name].attrs["State"]
        return state

    def _await_logs(self, but: str = "") -> None:
        give_up_s = time.monotonic() + FOLLOW_LIMIT_S
        for name, follower in self._followers.items():
            if name != but:
                follower.join(max(0.0, give_up_s - time.monotonic()))


def owner_of(slug: str, lasts_s: float) -> Owner:
    """Name a new run of this process, which may last for twice its time and ten minutes."""
    now_s = time.time()
    return Owner(
        run=f"chaoslab-{project_part(slug)}-{secrets.token_hex(3)}",
        host=socket.gethostname(),
        pid=os.getpid(),
        boot=machine.boot_id(),
        pids=machine.pid_namespace(),
        pid_start=machine.pid_start(os.getpid()),
        started_s=now_s,
        expires_s=now_s + 2 * lasts_s + EXPIRY_S,
    )


def _owned(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = UID
    entry.uname = entry.gname = ""
    return entry


def _kill(container: Container) -> None:
    try:
        container.kill()
    except APIError as error:
        if error.status_code != 409:  # noqa: PLR2004 - conflict: it does not run any more
            raise


def _new_folder(wanted: Path) -> Path:
    """Make a folder, under the next free name when a variant is run more than once."""
    folder, number = wanted, 1
    while folder.exists():
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    folder.mkdir(parents=True)
    return folder
