"""A vote of a class: a listener of its own that phones of the same network can reach.

It is there only while an instructor wants it, on one address of this machine. It knows a question,
takes votes for it, and nothing else: no page of the console, no session and no token is within its
reach, for it is another application that has none of them. Whoever comes needs a short code that
is drawn for each vote. A phone is its address in the network: it has one vote, which it may change.
"""

import asyncio
import hmac
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

from harness.errors import EnvironmentNotReadyError
from harness.live.ballot import MOST_PHONES, Ballot, Question
from harness.live.rates import Bucket
from harness.live.vote_page import HEADERS, refusal_page, vote_page

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Those that nobody takes for another when they are read aloud."""
CODE_LETTERS = 6
MOST_BYTES = 256
"""The longest vote: a form with one number."""
RATE, BURST = 2.0, 20.0
"""Requests a second that a phone may send, and how many at once."""
WRONG = 20
"""Wrong codes after which an address is not answered any more: one in 40 million is found."""
MOST_ADDRESSES = 2000
MOST_CONNECTIONS = 2 * MOST_PHONES
KEPT_S = 10.0
"""How long a connection is kept that nobody uses."""
ELSEWHERE = "192.0.2.1"
"""An address that no machine has (RFC 5737): the way to it leads through the network's card."""
log = logging.getLogger(__name__)


class _Full(asyncio.Protocol):
    """Hangs up: there are as many connections as may be."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class ClassVote:
    """One vote: open it, tell its address, close it; `changed` hears of each vote that is taken."""

    def __init__(self, asked: Question, host: str, changed: Callable[[], None]) -> None:
        self.ballot = Ballot(asked)
        self.code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
        self.address = ""
        self._host = host
        self._changed = changed
        self._origin = ""
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
        self._buckets: dict[str, Bucket] = {}
        self._wrong: dict[str, int] = {}

    async def open(self) -> None:
        """Listen on the machine's address, at a port that is drawn.

        Raises:
            EnvironmentNotReadyError: the machine does not have that address.

        """
        application = web.Application(middlewares=[self._guard], client_max_size=MOST_BYTES)
        application.router.add_get("/{code}", self._page)
        application.router.add_post("/{code}", self._vote)
        runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=1, keepalive_timeout=KEPT_S
        )
        await runner.setup()
        loop, serve = asyncio.get_running_loop(), runner.server
        assert serve is not None  # noqa: S101 - it is there once it is set up

        def accept() -> asyncio.Protocol:
            return serve() if len(serve.connections) < MOST_CONNECTIONS else _Full()

        try:
            self._listener = await loop.create_server(accept, self._host, 0)
        except OSError as error:
            await runner.cleanup()
            raise EnvironmentNotReadyError(
                f"phones cannot vote at {self._host}: {error.strerror or error}; name an address "
                "of this machine with --vote-address"
            ) from error
        self._runner = runner
        port = self._listener.sockets[0].getsockname()[1]
        self._origin = f"http://{self._host}:{port}"
        self.address = f"{self._origin}/{self.code}"
        log.warning("phones of this network can vote at %s", self._origin)

    async def close(self) -> None:
        """Listen no more."""
        runner, self._runner = self._runner, None
        if runner is not None and self._listener is not None:
            self._listener.close()
            await runner.cleanup()

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        phone = request.remote or ""
        status, why = self._against(request, phone)
        if not status:
            try:
                return await handler(request)
            except web.HTTPException as error:
                status, why = error.status, error.reason
        log.warning("a vote from %s was refused: %s", phone, why)
        return _answer(refusal_page(why), status)

    def _against(self, request: web.Request, phone: str) -> tuple[int, str]:
        """Say with which status and why a request is refused; 0 if it is not."""
        if not self._bucket(phone).takes():
            return 429, "Too many requests; wait a few seconds."
        if f"http://{request.host}" != self._origin:
            return 403, "Type the address as it is shown on the screen."
        if self._wrong.get(self._known(phone), 0) >= WRONG:
            return 403, "Too many wrong codes."
        code = request.match_info.get("code", "").lower()
        if not hmac.compare_digest(code.encode(), self.code.encode()):
            # What a browser asks for by itself, such as favicon.ico, is no guess.
            guesses = self._wrong.get(self._known(phone), 0) + (len(code) == CODE_LETTERS)
            self._wrong[self._known(phone)] = guesses
            return 404, "Type the address as it is shown on the screen, with the code at its end."
        if request.method == "POST" and request.headers.get("Origin") != self._origin:
            return 403, "Votes come from this page only."
        return 0, ""

    def _known(self, phone: str) -> str:
        """Give the address under which a phone is counted: all share one beyond so many."""
        return phone if phone in self._buckets or len(self._buckets) < MOST_ADDRESSES else ""

    def _bucket(self, phone: str) -> Bucket:
        counted = self._known(phone)
        if counted not in self._buckets:
            self._buckets[counted] = Bucket(asyncio.get_running_loop().time, RATE, BURST)
        return self._buckets[counted]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        own = self.ballot.of(request.remote or "")
        return _answer(vote_page(self.ballot.asked, own), 200)

    async def _vote(self, request: web.Request) -> web.StreamResponse:
        try:
            given = (await request.post()).get("choice")
            choice = int(given) if isinstance(given, str) and given.isascii() else -1
        except ValueError:
            choice = -1
        if not self.ballot.take(request.remote or "", choice):
            return _answer(refusal_page("That vote is not taken; go back and choose again."), 400)
        self._changed()
        headers = {**HEADERS, "Location": f"/{self.code}"}
        return web.Response(status=303, headers=headers)


def _answer(page: str, status: int) -> web.Response:
    return web.Response(text=page, status=status, content_type="text/html", headers=HEADERS)


def network_address() -> str:
    """Find this machine's address in its network; nothing is sent for it.

    Raises:
        EnvironmentNotReadyError: it is in none.

    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((ELSEWHERE, 9))
        except OSError as error:
            raise EnvironmentNotReadyError(
                "this machine is in no network that phones could reach it by; connect it, or name "
                "an address of it with --vote-address"
            ) from error
        return str(probe.getsockname()[0])
