"""The scraper of a run's first seconds, with a target of its own on this machine."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness.engines.compose import first_seconds
from harness.engines.compose.first_seconds import Samples, ask, follow, gone, stamped
from harness.engines.compose.prometheus import ScrapeLog

LABELS = {"instance": "app-1", "job": "services"}
EXPOSITION = """\
# HELP requests_total Requests answered, by status
# TYPE requests_total counter
requests_total{status="200"} 12.0
requests_in_flight 3.0
path_total{path="/a b}"} 1.0
"""


def test_series_get_their_targets_labels_and_the_time() -> None:
    """As Prometheus would name them; comments are left out."""
    assert stamped(EXPOSITION, LABELS, 1500) == {
        'requests_total{status="200",instance="app-1",job="services"}': "12.0 1500",
        'requests_in_flight{instance="app-1",job="services"}': "3.0 1500",
        'path_total{path="/a b}",instance="app-1",job="services"}': "1.0 1500",
    }


def test_a_host_that_does_not_answer_has_no_values() -> None:
    """So that a gap shows at once, as it does when Prometheus scrapes."""
    series = stamped(EXPOSITION, LABELS, 1500)
    assert set(gone(series, 2500).values()) == {"NaN 2500"}
    assert gone(series, 2500).keys() == series.keys()


def test_samples_are_handed_over_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first that takes them is told in the log, and soon after nothing more is wanted."""
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    samples = Samples()
    samples.add({"a": "1 1000", "b": "2 1000"})
    samples.add({"a": "3 2000"})
    now_s += 60
    assert samples.wanted()
    assert samples.take() == "a 1 1000\nb 2 1000\na 3 2000\n"
    assert samples.take() == ""
    heard = ScrapeLog()
    (line,) = capsys.readouterr().out.splitlines()
    assert not heard.taken_over
    heard.take(line)
    assert heard.taken_over
    assert samples.wanted()
    now_s += first_seconds.LINGER_S
    assert not samples.wanted()


@pytest.fixture
def target() -> Iterator[str]:
    """Answer scrapes on this machine."""

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/metrics" else 404)
            self.end_headers()
            self.wfile.write(EXPOSITION.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Metrics) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Recorder(Samples):
    """Wants no more after its first two scrapes."""

    def __init__(self) -> None:
        super().__init__()
        self.scrapes: list[dict[str, str]] = []

    def add(self, series: object) -> None:
        assert isinstance(series, dict)
        self.scrapes.append(series)

    def wanted(self) -> bool:
        return len(self.scrapes) < 2


def test_a_target_is_scraped_from_its_first_answer_on(
    target: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its host is told once; when it stops answering, its series but `up` go on without values."""
    answers = [None, ask(target), None]
    assert answers[1] == EXPOSITION
    monkeypatch.setattr(first_seconds, "ask", lambda _: answers.pop(0))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    recorder = Recorder()
    follow(target, LABELS, recorder)
    first, second = recorder.scrapes
    up = 'up{instance="app-1",job="services"}'
    assert [one.pop(up).partition(" ")[0] for one in (first, second)] == ["1", "0"]
    assert {value.partition(" ")[0] for value in first.values()} == {"12.0", "3.0", "1.0"}
    assert {value.partition(" ")[0] for value in second.values()} == {"NaN"}
    heard = ScrapeLog()
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["event"] == "scraped"
    heard.take(line)
    assert heard.up == {"app-1"}


def test_nobody_there_is_no_answer() -> None:
    """A target that refuses is asked again; it is no error."""
    assert ask("127.0.0.1:9") is None


def test_what_prometheus_says_itself_is_passed_over() -> None:
    """Both write to one log."""
    heard = ScrapeLog()
    heard.take("ts=2026-01-01T00:00:00.000Z caller=main.go:1 level=warn msg=x")
    assert (heard.up, heard.taken_over) == (set(), False)
