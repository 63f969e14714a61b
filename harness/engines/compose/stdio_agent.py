"""Asks a server in its own container, for whoever writes to the container's standard input.

Started beside the server as `python3 stdio_agent.py PORT [METRICS_PORT]`, on the standard library
alone. Reads JSON lines with an id, a method, a path and a body, asks the server on loopback, and
answers on standard output. So the server needs to listen nowhere else: not where other hosts of the
lab are, nor on a port of the machine. Its metrics alone, which change nothing, are served to all.
"""

import http.client
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HERE = "127.0.0.1"
LIMIT_S = 10.0
METRICS = "/metrics"


def ask(port: int, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    """Ask the server once; give the answer's status and text."""
    connection = http.client.HTTPConnection(HERE, port, timeout=LIMIT_S)
    try:
        data = None if body is None else body.encode()
        connection.request(method, path, data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def answered(line: str, port: int) -> dict[str, Any]:
    """Do what a line asks for, and give the line that answers it."""
    asked = json.loads(line)
    told = {"event": "answer", "id": asked["id"]}
    try:
        status, text = ask(port, asked["method"], asked["path"], asked["body"])
    except (OSError, http.client.HTTPException) as error:
        return {**told, "error": str(error) or repr(error)}
    return {**told, "status": status, "text": text}


def serve_metrics(own_port: int, port: int) -> None:
    """Serve the server's metrics, and nothing else of it, to every host of the lab."""

    class Relay(BaseHTTPRequestHandler):
        """Passes a scrape on."""

        def do_GET(self) -> None:
            """Answer."""
            try:
                status, text = ask(port, "GET", METRICS) if self.path == METRICS else (404, "")
            except (OSError, http.client.HTTPException):
                status, text = http.client.BAD_GATEWAY, ""
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing for each scrape."""

    server = ThreadingHTTPServer(("", own_port), Relay)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> None:
    """Answer until standard input ends."""
    port, *metrics = map(int, sys.argv[1:])
    for own_port in metrics:
        serve_metrics(own_port, port)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answered(line, port)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
