"""The control channel of a service in a container: what the harness does inside of its process.

A command is one JSON line on standard input, its answer one JSON event on standard output. What it
asks for belongs to the host and not to the process: it is kept in a file of the container, and a
command that finds no process waits in the pipe for the next one, which takes both before it serves.

A command has an `id` and any of `clock` (`skew_s`, `drift_ppm`), `changes` (every live setting that
is not as the lab has it) and `disk_full`. The answer tells what then is, read from the process.
"""

import asyncio
import errno
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from services.clock import WallClock
from services.server import Served, SettingError

CHUNK = 65_536
PAGE = 4096
LARGEST_DISK = 64 << 20
"""A larger one is no lab's, and is not filled."""

Answer = Callable[[Mapping[str, object]], None]


class Ballast:
    """What takes up a volume's last byte when its disk is to be full."""

    def __init__(self, volume: Path) -> None:
        self._file = volume / ".ballast"
        self._probe = volume / ".probe"

    def set(self, *, full: bool) -> None:
        """Fill the volume until the kernel refuses, or make room.

        Raises:
            OSError: this is no small disk that may be filled.

        """
        if not full:
            self._file.unlink(missing_ok=True)
            return
        found = os.statvfs(self._file.parent)
        if found.f_blocks * found.f_frsize > LARGEST_DISK:
            raise OSError(errno.EPERM, "the volume is larger than a lab's", str(self._file.parent))
        _write_until_full(self._file)

    def full(self) -> bool:
        """Try whether a write is refused."""
        try:
            self._probe.write_bytes(b"?")
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return True
        finally:
            self._probe.unlink(missing_ok=True)
        return False


class Control:
    """One process's end of the channel."""

    def __init__(self, clock: WallClock, ballast: Ballast, memory: Path, answer: Answer) -> None:
        self.changes: Mapping[str, Any] = {}
        self._clock = clock
        self._ballast = ballast
        self._memory = memory
        self._answer = answer
        self._served: Served | None = None
        self._rest = b""

    def recall(self) -> None:
        """Take over what was asked of the host before, and what has come since."""
        if self._memory.exists():
            kept = json.loads(self._memory.read_bytes())
            self._clock.go_on(**kept["clock"])
            self.changes = kept["changes"]
        os.set_blocking(sys.stdin.fileno(), False)
        self._read()

    def listen(self, served: Served) -> None:
        """Take commands while a service is served."""
        self._served = served
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read)

    def take(self, line: bytes) -> None:
        """Do what a line asks for, and answer."""
        command = json.loads(line)
        about = {"event": "state", "id": command["id"]}
        try:
            self._do(command)
            self._answer({**about, **self._state()})
        except (OSError, SettingError) as error:
            self._answer({**about, "error": str(error)})

    def _do(self, command: Mapping[str, Any]) -> None:
        if "clock" in command:
            self._clock.set(**command["clock"])
        if "changes" in command:
            if self._served:
                self._served.configure(command["changes"])
            self.changes = command["changes"]
        if "disk_full" in command:
            self._ballast.set(full=command["disk_full"])
        self._keep()

    def _state(self) -> Mapping[str, object]:
        clock = self._clock
        return {
            "clock": {"skew_s": clock.skew_s, "drift_ppm": clock.drift_ppm},
            "changes": self._served.changed() if self._served else self.changes,
            "disk_full": self._ballast.full(),
        }

    def _keep(self) -> None:
        temporary = self._memory.with_suffix(".new")
        temporary.write_text(json.dumps({"clock": self._clock.kept(), "changes": self.changes}))
        temporary.replace(self._memory)

    def _read(self) -> None:
        """Take all whole lines that have come."""
        while True:
            try:
                chunk = os.read(sys.stdin.fileno(), CHUNK)
            except BlockingIOError:
                return
            if not chunk:
                break
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self.take(line)
        if self._served:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())


def _write_until_full(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(PAGE))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
