"""The harness' end of a line to the agent in a container, through the Docker engine alone.

So no port is published, and an engine may be anywhere. See `stdio_agent.py` for the other end.
"""

import json
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from io import BytesIO
from itertools import count
from socket import SHUT_RDWR
from typing import Any, NamedTuple

import requests
from docker.models.containers import Container
from toxiproxy.api import APIConsumer, validate_response

from harness.engines.compose.logs import ANSWER

STDOUT = 1
FRAME = struct.Struct(">BxxxI")
"""Before each piece of a container's output: which stream it is of, and how long it is."""
LIMIT_S = 10.0


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    text: str


class Agent:
    """Asks the server in one container; it must be made before the container starts.

    Then nothing of the container's output is missed, which comes in frames.
    """

    def __init__(self, container: Container) -> None:
        self._name = container.name
        # The one way to the socket that docker-py leaves open for writing.
        self._stream: Any = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
        self._wire: Any = getattr(self._stream, "_sock", self._stream)
        # A client's calls have a time limit, and a server may be silent for longer.
        self._wire.settimeout(None)
        self._numbers = count()
        self._waiting: dict[int, Future[Answer]] = {}
        self._lock = threading.Lock()
        self._over = False
        threading.Thread(target=self._listen, name=f"agent of {self._name}", daemon=True).start()

    def ask(
        self, method: str, path: str, body: str | None = None, limit_s: float = LIMIT_S
    ) -> Answer:
        """Ask, and wait for the answer.

        Raises:
            OSError: the server or the container does not answer, in time or at all.

        """
        answer: Future[Answer] = Future()
        number = next(self._numbers)
        line = json.dumps({"id": number, "method": method, "path": path, "body": body})
        try:
            with self._lock:
                if self._over:
                    raise ConnectionError(f"the line to {self._name} has ended")
                self._waiting[number] = answer
                self._wire.sendall(line.encode() + b"\n")
            return answer.result(limit_s)
        except FutureTimeoutError:
            raise TimeoutError(f"{self._name} did not answer within {limit_s:g} s") from None
        finally:
            self._waiting.pop(number, None)

    def close(self) -> None:
        """Let go of the container."""
        with suppress(OSError):
            self._wire.shutdown(SHUT_RDWR)  # wakes whoever reads from it
        with suppress(OSError):
            self._wire.close()
            self._stream._response.close()  # noqa: SLF001 - see above

    def _listen(self) -> None:
        with suppress(OSError, ValueError):
            for line in self._lines():
                if line.startswith(ANSWER):
                    self._hear(json.loads(line))
        with self._lock:
            self._over = True
            for answer in self._waiting.values():
                answer.set_exception(ConnectionError(f"the line to {self._name} has ended"))

    def _hear(self, told: dict[str, Any]) -> None:
        answer = self._waiting.pop(told["id"], None)
        if answer is None:
            return  # it came too late
        if "error" in told:
            answer.set_exception(ConnectionError(told["error"]))
        else:
            answer.set_result(Answer(told["status"], told["text"]))

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        while head := self._read(FRAME.size):
            stream, size = FRAME.unpack(head)
            piece = self._read(size)
            if stream == STDOUT:
                *lines, rest = (rest + piece).split(b"\n")
                yield from lines

    def _read(self, size: int) -> bytes:
        """Read so many bytes, or nothing when the container has ended."""
        read = bytearray()
        while len(read) < size:
            piece = self._wire.recv(size - len(read))
            if not piece:
                return b""
            read += piece
        return bytes(read)


class ByAgent(APIConsumer):  # type: ignore[misc] # it has no types
    """Toxiproxy's API as toxiproxy-python knows it, by way of an agent."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def get(self, path: str, *, timeout: float) -> requests.Response:
        """Fetch."""
        return self._asked("GET", path, None, timeout)

    def delete(self, path: str, *, timeout: float) -> requests.Response:
        """Remove."""
        return self._asked("DELETE", path, None, timeout)

    def post(self, path: str, *, timeout: float, json: object = None) -> requests.Response:
        """Write."""
        return self._asked("POST", path, json, timeout)

    def _asked(self, method: str, path: str, body: object, limit_s: float) -> requests.Response:
        text = None if body is None else json.dumps(body)
        answer = self._agent.ask(method, path, text, limit_s)
        response = requests.Response()
        response.status_code = answer.status
        response.url = path
        response.raw = BytesIO(answer.text.encode())
        validated: requests.Response = validate_response(response)
        return validated
