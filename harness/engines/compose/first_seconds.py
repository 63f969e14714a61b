"""The first seconds of a run's series, which Prometheus is not there yet to scrape.

Prometheus learns of its targets at a tick of five seconds after its start. This runs beside it in
its container, on the standard library alone: it scrapes the same targets once a second from the
moment that they answer, adds `up` as Prometheus does, and hands over what it has, with times, when
Prometheus scrapes it. Then it is at rest.

Started as `python3 first_seconds.py`, with `TARGETS` (JSON: from `host:port` to labels) in the
environment. Says in JSON lines when each target answered first, and when Prometheus came.
"""

import http.client
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ADDRESS = ("127.0.0.1", 9099)
INTERVAL_S = 1.0
LIMIT_S = 0.5
"""How long a scrape may take, as in Prometheus' configuration."""
PROBE_S = 0.05
LINGER_S = 3.0
"""How long to go on after Prometheus came: its own first scrapes are up to a second later."""


def stamped(exposition: str, labels: Mapping[str, str], at_ms: int) -> dict[str, str]:
    """Map each series of an exposition, under more labels, to its line's end: value and time."""
    found = {}
    more = ",".join(f'{name}="{value}"' for name, value in labels.items())
    for line in exposition.splitlines():
        if line and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            head = f"{series[:-1]}," if series.endswith("}") else f"{series}{{"
            found[f"{head}{more}}}"] = f"{value} {at_ms}"
    return found


def gone(series: Mapping[str, str], at_ms: int) -> dict[str, str]:
    """Let the same series have no value: their host did not answer."""
    return dict.fromkeys(series, f"NaN {at_ms}")


class Samples:
    """What was scraped and not handed over yet; by taking it, Prometheus shows itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._taken_s = float("inf")

    def add(self, series: Mapping[str, str]) -> None:
        """Keep one scrape."""
        with self._lock:
            self._lines += [f"{name} {rest}\n" for name, rest in series.items()]

    def take(self) -> str:
        """Hand over what there is."""
        with self._lock:
            if self._taken_s == float("inf"):
                self._taken_s = time.monotonic()
                say(event="taken over", at=time.time())
            lines, self._lines = self._lines, []
        return "".join(lines)

    def wanted(self) -> bool:
        """Whether Prometheus may still miss what would be scraped now."""
        with self._lock:
            return time.monotonic() < self._taken_s + LINGER_S


def say(**event: object) -> None:
    """Write one JSON line to standard output."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def ask(target: str) -> str | None:
    """Scrape a target once; None when it does not answer as it should."""
    connection = http.client.HTTPConnection(target, timeout=LIMIT_S)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        return response.read().decode() if response.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def follow(target: str, labels: Mapping[str, str], samples: Samples) -> None:
    """Wait until a target answers, then scrape it once a second while that is wanted."""
    series: dict[str, str] = {}
    next_s = time.monotonic()
    while samples.wanted():
        at_ms = int(time.time() * 1000)
        exposition = ask(target)
        if exposition is not None:
            if not series:
                say(event="scraped", instance=labels["instance"])
                next_s = time.monotonic()
            series = stamped(f"{exposition}\nup 1", labels, at_ms)
            samples.add(series)
        elif series:
            samples.add({**gone(series, at_ms), **stamped("up 0", labels, at_ms)})
        next_s += INTERVAL_S if series else PROBE_S
        time.sleep(max(0.0, next_s - time.monotonic()))


def main() -> None:
    """Scrape every target, and answer Prometheus."""
    samples = Samples()
    for target, labels in json.loads(os.environ["TARGETS"]).items():
        threading.Thread(target=follow, args=(target, labels, samples), daemon=True).start()

    class Handover(BaseHTTPRequestHandler):
        """Answers a scrape with all scrapes since the last one."""

        def do_GET(self) -> None:
            """Answer."""
            body = samples.take().encode()
            self.send_response(http.client.OK)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing for each scrape."""

    ThreadingHTTPServer(ADDRESS, Handover).serve_forever()


if __name__ == "__main__":
    main()
