"""The load generator as a process, and a small server that it asks."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from harness.engines.compose.loadlog import LoadLog
from harness.model.loads import Paced, Poisson
from services.tracing import HEADER

ROOT = Path(__file__).parents[3]
LIMIT_S = 30
SEED = 3
CORES = 4
PROGRAM = f"""
import os, runpy
os.cpu_count = lambda: {CORES}
runpy.run_module("harness.engines.compose.loadgen", run_name="__main__")
"""
"""This very module, as on a machine with so many cores."""
FEW_AT_ONCE = """
from harness.engines.compose import loadgen
loadgen.IN_FLIGHT_LIMIT = 10
loadgen.main()
"""
"""The same with one process, of which no more than so many requests may be under way."""
LONG = 100_000
"""More than a pipe takes at once."""


class Server(http.server.ThreadingHTTPServer):
    """Answers 200, or what the path's name says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.headers: list[str | None] = []
        self.paths: list[str] = []
        self.probes = 0
        self.asked = threading.Semaphore(0)
        self.over = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.server.probes += 1
        else:
            self.server.headers.append(self.headers[HEADER])
            self.server.paths.append(self.path)
            self.server.asked.release()
        if self.path == "/silent":
            self.server.over.wait(LIMIT_S)
        if self.path in ("/silent", "/close"):
            self.close_connection = True
            return
        body = f"{self.command} {self.path}".encode()
        if self.path.startswith("/long"):
            body = body.ljust(LONG, b".")
        self.send_response(503 if self.path == "/busy" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET  # noqa: N815 - the name that the base class calls

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield running
        finally:
            running.over.set()
            running.shutdown()
            thread.join()


def environment(load: Poisson | Paced, port: int, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CHAOSLAB_LOAD": json.dumps(load.to_json()),
        "CHAOSLAB_SEED": str(SEED),
        "CHAOSLAB_DURATION_S": "1",
        "CHAOSLAB_TARGETS": json.dumps({"checkout": f"http://127.0.0.1:{port}"}),
        **more,
    }


@contextmanager
def generator(values: dict[str, str], program: str = PROGRAM) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(  # noqa: S603 - the programs above
        [sys.executable, "-c", program],
        env=values,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(load: Poisson | Paced, port: int, **more: str) -> LoadLog:
    with generator(environment(load, port, **more)) as process:
        return told(process)


def told(process: "subprocess.Popen[str]") -> LoadLog:
    """Read all that a generator says, from now on to its end in order."""
    log = LoadLog()
    output, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, errors
    for line in output.splitlines():
        log.take(line)
    return log


def lines(stream: IO[str] | None) -> Iterator[dict[str, object]]:
    assert stream
    for line in stream:
        yield json.loads(line)
