"""The wrapper around toxiproxy-python, against a small fake of Toxiproxy's API."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest

from harness.engines.compose import toxics
from harness.engines.compose.toxics import Toxiproxy, dangers, over_http
from harness.errors import FaultNotAppliedError, LabError
from harness.model.fault import ToxicSpec

LINK = "a->b"


def spec(type_: str = "latency", **attributes: int) -> ToxicSpec:
    return ToxicSpec(name="t", type=type_, stream="downstream", toxicity=0.3, attributes=attributes)


class Fake(http.server.ThreadingHTTPServer):
    """One proxy; does as it is told unless `fault` says otherwise."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.fault = ""
        self.hang = threading.Event()
        self.hang.set()
        self.proxy: dict[str, Any] = {
            "name": LINK,
            "listen": "[::]:20001",
            "upstream": "b:8080",
            "enabled": True,
            "toxics": [],
        }


class Handler(http.server.BaseHTTPRequestHandler):
    server: Fake

    def do_GET(self) -> None:
        proxy = self.server.proxy
        self.server.hang.wait(5)
        self._answer(200, proxy if unquote(self.path) == f"/proxies/{LINK}" else {LINK: proxy})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.fault == "error":
            self._answer(500, {"error": "listen: address in use"})
        elif self.server.fault == "forgets":
            self._answer(200, {})
        elif self.path == "/reset":
            self.server.proxy |= {"toxics": [], "enabled": True}
            self._answer(204)
        elif self.path.endswith("/toxics"):
            toxic = json.loads(body)
            # What a 32-bit float makes of 0.3.
            self.server.proxy["toxics"].append({**toxic, "toxicity": 0.30000001192092896})
            self._answer(200, toxic)
        else:
            self.server.proxy |= json.loads(body)
            self._answer(200, self.server.proxy)

    def do_DELETE(self) -> None:
        if not self.server.proxy["toxics"]:
            self._answer(404, {"error": "toxic not found"})
        elif self.server.fault == "forgets":
            self._answer(204)
        else:
            self.server.proxy["toxics"].clear()
            self._answer(204)

    def _answer(self, status: int, document: object = None) -> None:
        body = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def fake() -> Iterator[Fake]:
    with Fake() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_toxic_is_added_read_back_and_removed(fake: Fake) -> None:
    """The toxicity that comes back is the nearest 32-bit float, and counts as the same."""
    server = Toxiproxy(over_http(fake.server_port))
    server.add(LINK, spec(latency=100, jitter=0))
    assert [one.attributes for one in server.proxy(LINK).toxics] == [{"latency": 100, "jitter": 0}]
    server.remove(LINK, "t")
    assert not server.proxies()[LINK].toxics


def test_a_link_is_disabled_and_a_reset_mends_all(fake: Fake) -> None:
    """Reset enables every proxy and takes every toxic away."""
    server = Toxiproxy(over_http(fake.server_port))
    server.add(LINK, spec(latency=100))
    server.enable(LINK, enabled=False)
    assert not server.proxy(LINK).enabled
    server.reset()
    assert server.proxy(LINK).enabled
    assert not server.proxy(LINK).toxics


def test_what_does_not_happen_is_an_error(fake: Fake) -> None:
    """The library swallows a 500, and a 200 proves nothing."""
    server = Toxiproxy(over_http(fake.server_port))
    for fault, message in (("error", "500"), ("forgets", "read back as None")):
        fake.fault = fault
        with pytest.raises(FaultNotAppliedError, match=message):
            server.add(LINK, spec(latency=100))
    with pytest.raises(FaultNotAppliedError, match="enabled is not False"):
        server.enable(LINK, enabled=False)
    fake.proxy["toxics"] = [_row()]
    with pytest.raises(FaultNotAppliedError, match="still there"):
        server.remove(LINK, "t")
    with pytest.raises(FaultNotAppliedError, match="not clean"):
        server.reset()


def _row() -> dict[str, Any]:
    return {
        "name": "t",
        "type": "latency",
        "stream": "downstream",
        "toxicity": 1,
        "attributes": {"latency": 1, "jitter": 0},
    }


def test_a_toxic_that_is_not_there_cannot_be_removed(fake: Fake) -> None:
    """The server's 404 becomes an error of ours."""
    with pytest.raises(FaultNotAppliedError, match="delete"):
        Toxiproxy(over_http(fake.server_port)).remove(LINK, "t")


def test_two_servers_do_not_share_an_address(fake: Fake) -> None:
    """The library keeps it in a class; here each server has a class."""
    first = Toxiproxy(over_http(fake.server_port))
    second = Toxiproxy(over_http(1))
    assert first.proxies()
    with pytest.raises(FaultNotAppliedError):
        second.proxies()


def test_a_server_that_hangs_is_given_up_on(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library has no time limits."""
    monkeypatch.setattr(toxics, "CALL_LIMIT_S", 0.05)
    fake.hang.clear()
    with pytest.raises(FaultNotAppliedError, match="timed out"):
        Toxiproxy(over_http(fake.server_port)).proxies()
    fake.hang.set()


@pytest.mark.parametrize(
    "toxic",
    [
        spec("bandwidth", rate=-1),
        spec("slicer"),
        spec("slicer", average_size=0),
        spec("slicer", average_size=10, size_variation=10),
    ],
)
def test_values_that_crash_toxiproxy_never_reach_it(fake: Fake, toxic: ToxicSpec) -> None:
    """They end the real server and every link of the run with it."""
    assert list(dangers(toxic))
    with pytest.raises(LabError):
        Toxiproxy(over_http(fake.server_port)).add(LINK, toxic)
    assert not fake.proxy["toxics"]


def test_ordinary_values_are_no_danger() -> None:
    """Nor is a rate of 0, which holds everything back."""
    assert not list(dangers(spec("bandwidth", rate=0)))
    assert not list(dangers(spec("slicer", average_size=10, size_variation=9, delay=5)))
