"""The harness' end of the control channel: a line to a container, and what its process answers.

See `services/control.py` for the other end.
"""

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from docker.models.containers import Container

STATE = '{"event":"state"'


class Channels:
    """Numbers the commands to all hosts, and keeps their answers until they are asked for."""

    def __init__(self) -> None:
        self._numbers = count()
        self._answers: dict[int, dict[str, Any]] = {}

    def send(self, container: Container, command: Mapping[str, Any]) -> int:
        """Put a command into a container's standard input, and give its number; this blocks."""
        number = next(self._numbers)
        # The one way to the socket that docker-py leaves open for writing.
        stream: Any = container.attach_socket(params={"stdin": 1, "stream": 1})
        wire = getattr(stream, "_sock", stream)
        wire.sendall(json.dumps({"id": number, **command}).encode() + b"\n")
        stream._response.close()  # noqa: SLF001
        return number

    def hear(self, line: str) -> None:
        """Take down an answer, if the line is one."""
        if line.startswith(STATE):
            answer = json.loads(line)
            self._answers[answer["id"]] = answer

    def answered(self, number: int) -> bool:
        """Say whether a command was answered."""
        return number in self._answers

    def take(self, number: int) -> dict[str, Any] | None:
        """Give the answer to a command, if there is one, and forget it."""
        return self._answers.pop(number, None)
