"""The line to an agent in a container: both ends, with an engine's frames between them."""

import io
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests
from toxiproxy.exceptions import NotFound

from harness.engines.compose import stdio_agent
from harness.engines.compose.agent import Agent, ByAgent
from harness.engines.compose.stdio_agent import answered, serve_metrics
from harness.engines.compose.toxics import Toxiproxy
from harness.errors import FaultNotAppliedError
from tests.ports import free_port

LIMIT_S = 30


@pytest.fixture
def server() -> Iterator[int]:
    """Serve on loopback what was asked, as JSON; `/none` is not there."""

    class Echo(BaseHTTPRequestHandler):
        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size).decode()
            text = json.dumps({"method": self.command, "path": self.path, "body": body}).encode()
            self.send_response(404 if self.path == "/none" else 200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names that the library calls

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield serving.server_address[1]
        serving.shutdown()


class Container:
    """A container on whose standard input a function answers, in frames of an odd size."""

    name = "toxiproxy"

    def __init__(self, answer: Callable[[str], str], size: int = 7) -> None:
        self._answer = answer
        self._size = size
        self._ours, self.theirs = socket.socketpair()

    def attach_socket(self, params: object) -> Any:
        assert params == {"stdin": 1, "stdout": 1, "stream": 1}
        threading.Thread(target=self._serve, daemon=True).start()
        response = SimpleNamespace(close=lambda: None)
        return SimpleNamespace(_sock=self.theirs, _response=response)

    def say(self, text: str, stream: int = 1) -> None:
        data = text.encode()
        for start in range(0, len(data), self._size):
            piece = data[start : start + self._size]
            self._ours.sendall(struct.pack(">BxxxI", stream, len(piece)) + piece)

    def end(self) -> None:
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        with suppress(OSError), self._ours, self._ours.makefile() as lines:
            for line in lines:
                self.say("noise of the server\n", stream=2)
                self.say(self._answer(line) + "\n")


Make = Callable[[Container], Agent]


@pytest.fixture
def agent() -> Iterator[Make]:
    made = ExitStack()

    def make(container: Container) -> Agent:
        line = Agent(cast("Any", container))
        made.callback(line.close)
        made.callback(container.end)
        return line

    with made:
        yield make


def real(port: int) -> Container:
    return Container(lambda line: json.dumps(answered(line, port)))


def test_a_server_is_asked_through_its_agent(server: int, agent: Make) -> None:
    """Method, path, body, status and text arrive as they are, whatever the frames cut."""
    asking = agent(real(server))
    status, text = asking.ask("POST", "/proxies/a%3Eb", '{"enabled": "ü\\n"}')
    told = json.loads(text)
    assert (status, told["method"], told["path"]) == (200, "POST", "/proxies/a%3Eb")
    assert json.loads(told["body"]) == {"enabled": "ü\n"}
    assert asking.ask("GET", "/none").status == HTTPStatus.NOT_FOUND


def test_answers_go_to_who_asked(server: int, agent: Make) -> None:
    """Many at once, from threads."""
    asking = agent(real(server))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: asking.ask("GET", f"/{number}"), range(40)))
    assert [json.loads(one.text)["path"] for one in answers] == [f"/{n}" for n in range(40)]


def test_a_server_that_does_not_answer_is_an_error_of_the_connection(agent: Make) -> None:
    """As it would be without an agent between."""
    with pytest.raises(ConnectionError, match="refused"):
        agent(real(free_port())).ask("GET", "/")


def test_an_agent_that_is_silent_has_a_time_limit(agent: Make) -> None:
    """A container that is paused, say."""
    silent = Container(lambda _: "no answer")
    with pytest.raises(TimeoutError, match=r"toxiproxy did not answer within 0\.05 s"):
        agent(silent).ask("GET", "/", limit_s=0.05)


def test_a_container_that_ends_ends_the_line(agent: Make) -> None:
    """Who waits hears of it, and so does who asks afterwards."""
    container = Container(lambda _: "")
    asking = agent(container)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(asking.ask, "GET", "/", None, LIMIT_S)
        container.end()
        # In the words of the line, or of the socket that broke first.
        assert isinstance(waiting.exception(LIMIT_S), ConnectionError)
    with pytest.raises(ConnectionError):
        asking.ask("GET", "/")


def test_toxiproxys_client_speaks_through_it(server: int, agent: Make) -> None:
    """Its errors are those of the library; what ends the line is a fault that was not applied."""
    container = real(server)
    api = ByAgent(agent(container))
    answer = api.post("/proxies", json={"name": "x"}, timeout=5)
    assert isinstance(answer, requests.Response)
    assert json.loads(answer.json()["body"]) == {"name": "x"}
    assert api.delete("/x", timeout=5).json()["method"] == "DELETE"
    with pytest.raises(NotFound):
        api.get("/none", timeout=5)
    container.end()
    with pytest.raises(FaultNotAppliedError, match="toxiproxy, get /proxies: "):
        Toxiproxy(api).proxies()


def test_only_metrics_are_served_to_others(server: int) -> None:
    """The rest of the server's paths would let a service change its own faults."""
    own = free_port()
    serve_metrics(own, server)
    with requests.Session() as session:
        assert session.get(f"http://127.0.0.1:{own}/metrics", timeout=LIMIT_S).json()["path"] == (
            "/metrics"
        )
        for method in ("get", "post", "delete"):
            answer = session.request(method, f"http://127.0.0.1:{own}/reset", timeout=LIMIT_S)
            assert answer.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.NOT_IMPLEMENTED}


def test_it_answers_until_its_input_ends(
    server: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Started as a program: a line for each line."""
    asked = [{"id": n, "method": "GET", "path": f"/{n}", "body": None} for n in range(2)]
    monkeypatch.setattr("sys.argv", ["stdio_agent.py", str(server)])
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{json.dumps(one)}\n" for one in asked)))
    stdio_agent.main()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["event"], one["id"], one["status"]) for one in told] == [
        ("answer", 0, 200),
        ("answer", 1, 200),
    ]
