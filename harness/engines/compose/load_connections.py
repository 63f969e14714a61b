"""The load's connections to the services that it asks, and how a request on them ends."""

import http.client
import select
import socket
import time
from urllib.parse import urlsplit

import gevent
from yarl import URL

TARGET_LIMIT_S = 60.0
PROBE_S = 0.05


class Connections:
    """Kept-alive connections to one server, the last used first, as aiohttp's pool has them."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._idle: list[http.client.HTTPConnection] = []

    def send(
        self, method: str, path: str, headers: dict[str, str], sent: bytes | None = None
    ) -> tuple[int, bytes]:
        """Send a request, once and no more; give the answer's status and its whole body."""
        connection = self._take()
        done = False
        try:
            connection.request(method, path, sent, headers)
            response = connection.getresponse()
            body = response.read()
            done = True
        finally:
            if done and not response.will_close:
                self._idle.append(connection)
            else:
                connection.close()
        return response.status, body

    def _take(self) -> http.client.HTTPConnection:
        while self._idle:
            connection = self._idle.pop()
            if not _ended(connection):
                return connection
            connection.close()
        connection = http.client.HTTPConnection(self._host, self._port)
        try:
            connection.connect()
        except OSError as error:
            raise ConnectionRefusedError(str(error)) from error
        return connection


def _ended(connection: http.client.HTTPConnection) -> bool:
    """Say whether the other side has closed an idle connection: then there is an end to read."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def quoted(path: str) -> str:
    """Write a path that a person has typed as it travels; by what aiohttp quotes it with."""
    return URL(f"http://service{path}").raw_path_qs


def outcome(error: BaseException) -> str:
    """Name how a request ended without an answer, in the words of `services.context.outcome`."""
    match error:
        case gevent.Timeout():
            return "timeout"
        case ConnectionRefusedError():
            return "refused"
        case http.client.RemoteDisconnected():
            return "closed"
        case OSError():
            return "reset"
        case _:
            return "broken"


def reach(url: str) -> Connections:
    """Wait for a target; look its address up once, as every look-up costs a thread."""
    target = urlsplit(url)
    give_up_s = time.time() + TARGET_LIMIT_S
    while True:
        try:
            address = socket.gethostbyname(target.hostname or "")
            connections = Connections(address, target.port or 80)
            with gevent.Timeout(1):
                status, _ = connections.send("GET", "/healthz", {})
                if status == http.client.OK:
                    return connections
        except (OSError, http.client.HTTPException, gevent.Timeout) as error:
            if time.time() > give_up_s:
                raise TimeoutError(f"{url} does not answer: {error}") from None
        gevent.sleep(PROBE_S)
