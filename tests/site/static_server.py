"""A plain server of static files, and a proxy that records requests to any other address."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

HERE = "127.0.0.1"
HELD_S = 300


class Files(SimpleHTTPRequestHandler):
    """Serves files of a folder, counts how often it sent each, holds some back, drops some once."""

    def __init__(
        self,
        *given: Any,
        sent: "Counter[str]",
        held: Mapping[str, Event],
        dropped: set[str],
        **more: Any,
    ) -> None:
        self.sent, self.held, self.dropped = sent, held, dropped
        super().__init__(*given, **more)

    @property
    def name(self) -> str:
        """The file that is asked for."""
        return self.path.partition("?")[0].lstrip("/")

    def do_GET(self) -> None:
        if self.name in self.held:
            self.held[self.name].wait(HELD_S)
        if self.name in self.dropped:
            self.dropped.remove(self.name)
            self.sent[f"dropped {self.name}"] += 1
            return  # the connection ends without an answer
        super().do_GET()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del size
        name = self.name
        if int(code) != 304:  # the browser has it already
            self.sent[name if int(code) == 200 else f"{int(code)} {name}"] += 1

    def log_message(self, *_: object) -> None:
        pass


class RefusingProxy(BaseHTTPRequestHandler):
    """Refuses every request, and records its target."""

    def __init__(self, *given: Any, asked: list[str], **more: Any) -> None:
        self.asked = asked
        super().__init__(*given, **more)

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(502)

    do_CONNECT = do_POST = do_HEAD = do_GET  # noqa: N815 - so they are called

    def log_message(self, *_: object) -> None:
        pass


class Server:
    """A server in a thread of its own, until it is stopped."""

    def __init__(self, handler: Any) -> None:
        self._server = ThreadingHTTPServer((HERE, 0), handler)
        self._server.daemon_threads = True
        self.address = f"http://{HERE}:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.is_stopped = False

    def stop(self) -> None:
        """Close the port; a second call does nothing."""
        if not self.is_stopped:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self.is_stopped = True


class Site(Server):
    """Serves a site's folder; `sent` counts the files that left it."""

    def __init__(self, folder: Path) -> None:
        self.sent: Counter[str] = Counter()
        self._held: dict[str, Event] = {}
        self._dropped: set[str] = set()
        super().__init__(
            partial(
                Files,
                directory=str(folder),
                sent=self.sent,
                held=self._held,
                dropped=self._dropped,
            )
        )

    def hold(self, name: str) -> Event:
        """Keep a file back until the event is set."""
        return self._held.setdefault(name, Event())

    def drop(self, name: str) -> None:
        """Close the connection, without an answer, when a file is asked for the first time."""
        self._dropped.add(name)


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """Serve a folder."""
    site = Site(folder)
    try:
        yield site
    finally:
        site.stop()


@contextmanager
def elsewhere() -> Iterator[tuple[dict[str, str], list[str]]]:
    """Yield proxy settings for every address but this machine's, and the targets asked for."""
    asked: list[str] = []
    server = Server(partial(RefusingProxy, asked=asked))
    try:
        yield {"server": server.address, "bypass": HERE}, asked
    finally:
        server.stop()
