"""Guards: what stands around a call, one kind of thing, put together in a stated order.

A guard gets the request and the call that it stands around. It makes the call, or makes it again,
or later, or not at all. The first of an order is the outermost: `deadline,retry,breaker` bounds all
tries together, and each try asks the breaker. Source: the filters of Finagle (Eriksen, *Your Server
as a Function*, PLOS 2013). In production: Envoy's filters, resilience4j's decorators, Polly's
pipelines; Python has single guards (stamina, purgatory, aiolimiter) and no pipeline of them.

A failure is an exception: `Failed`, `TimeoutError` or `ConnectionError` from the call, `Refused`
from a guard, which then has not asked the callee.
"""

import asyncio
import math
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What guards may know of a request.

    `key` is what a guard keeps apart: the callee of a call, the client of a request that comes in.
    `client` is whom the request is for; `resource` is what is read or written there. `priority`
    counts from 0, the most important.
    `deadline_s` is on the guard's own clock; `attempt` counts from 1. `writes` holds for what must
    not be answered from a cache, and `body` is what it writes. `tie` names another copy of it, and
    where that is; `begin` is called when all guards have let it through.
    """

    key: str = ""
    client: str = ""
    resource: str = "/"
    priority: int = 0
    deadline_s: float = math.inf
    attempt: int = 1
    writes: bool = False
    body: bytes = b""
    tie: str = ""
    begin: Callable[[], None] = field(default=_nothing, compare=False, repr=False)


@dataclass(frozen=True)
class Answer:
    """What came of a call; `kind` is its content type.

    `retry_after_s` is how long not to ask again, where the callee says so; `cause` the error that
    a client made of it.
    """

    body: bytes = b""
    status: int = 200
    retry_after_s: float = 0
    kind: str = "text/plain; charset=utf-8"
    cause: Exception | None = field(default=None, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def ok(self) -> bool:
        """Whether the callee did what it was asked to."""
        return self.status < REFUSAL

    @property
    def failed(self) -> bool:
        """Whether the callee failed, or refused for now: another 4xx is the caller's own fault."""
        return self.status >= ERROR or self.status == TOO_MANY


Call = Callable[[Asked], Awaitable[Answer]]
REFUSAL = 400
ERROR = 500
TOO_MANY = 429


class Guard(Protocol):
    """Stands around a call."""

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Answer a request with the help of a call.

        Raises:
            Failed, TimeoutError, ConnectionError: the call's own failure.
            Refused: the guard did not let the request through.

        """


class Failed(Exception):  # noqa: N818 - named as the state that it stands for
    """The callee answered with an error of its own, 5xx or 429."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body.decode(errors='replace').strip()}")
        self.answer = answer


class Refused(Exception):  # noqa: N818 - named as the state that it stands for
    """A guard did not make the call; `status` is what a service answers then."""

    status = 503

    def __init__(self, why: str, *, retry_after_s: float = 0) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


FAILURES = (Failed, TimeoutError, ConnectionError)
"""How a call fails; anything else is a bug, and no guard hides one."""
REFUSALS = (*FAILURES, Refused)
OVERLOAD = (TOO_MANY, 503)
"""The statuses with which a callee says that it has too much to do."""


def overloaded(error: Exception) -> bool:
    """Say whether a failure means that the callee has too much to do, rather than a bug."""
    return not isinstance(error, Failed) or error.answer.status in OVERLOAD


def compose(guards: Sequence[Guard], call: Call) -> Call:
    """Put guards around a call, the first of them outermost."""
    call = partial(_begun, call)
    for guard in reversed(guards):
        call = partial(_around, guard, call)
    return call


async def _begun(call: Call, asked: Asked) -> Answer:
    asked.begin()
    return await call(asked)


async def _around(guard: Guard, call: Call, asked: Asked) -> Answer:
    return await guard(asked, call)


def _no_count(event: str) -> None:
    del event


async def _no_word(host: str, path: str) -> None:
    raise LookupError(f"there is nobody to tell {host} {path}")


def _no_store(name: str) -> "Redis":
    raise LookupError(f"there is no store {name!r}: name a Redis that the service calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a guard gets from its process: clock, dice, a counter of events, and stores by name.

    `tell` sends a word to another host, which may be lost; `serves` says on which side it stands.
    """

    now: Callable[[], float]
    rng: random.Random
    count: Callable[[str], None] = _no_count
    redis: Callable[[str], "Redis"] = _no_store
    tell: Callable[[str, str], Awaitable[None]] = _no_word
    serves: bool = False


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A change to one attribute of a guard that must not go unnoticed.

    `where` is a class or a module, `instead` what is put in the attribute's place.
    """

    where: object
    attribute: str
    instead: object

    def __str__(self) -> str:
        return f"{getattr(self.where, '__name__', self.where)}.{self.attribute}"


@dataclass
class Waiter:
    """A request that waits for a slot since a time; its turn is set, or an error in its place."""

    asked: Asked
    since_s: float
    turn: asyncio.Future[None] = field(default_factory=asyncio.Future)

    def refuse(self, error: Refused) -> None:
        """End the wait; whoever was cancelled meanwhile needs no word."""
        if not self.turn.done():
            self.turn.set_exception(error)


Pick = Callable[[list[Waiter]], Waiter | None]
"""Choose who is next of those who wait, after refusing and removing whom it likes."""


def first_in(waiting: list[Waiter]) -> Waiter | None:
    """Choose the one who has waited longest."""
    return waiting[0] if waiting else None


class Slots:
    """A number of slots, which may change meanwhile, and those who wait for one.

    A slot is free again when its holder ends, however it ends; a waiter that is cancelled at the
    moment at which it gets its slot hands it on.
    """

    def __init__(self, limit: Callable[[], int], pick: Pick = first_in) -> None:
        self.busy = 0
        self.waiting: list[Waiter] = []
        self._limit = limit
        self._pick = pick

    @property
    def free(self) -> bool:
        """Whether a request that comes now need not wait."""
        return self.busy < self._limit() and not self.waiting

    async def take(self, waiter: Waiter) -> None:
        """Wait for a slot.

        Raises:
            Refused: whoever chooses the next has refused this one.

        """
        self.waiting.append(waiter)
        self._hand_on()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter in self.waiting:
                self.waiting.remove(waiter)
            elif not waiter.turn.cancelled() and not waiter.turn.exception():
                self.release()
            raise

    def release(self) -> None:
        """Give a slot back, and hand on what is free."""
        self.busy -= 1
        self._hand_on()

    def _hand_on(self) -> None:
        while self.busy < self._limit() and (waiter := self._pick(self.waiting)):
            self.waiting.remove(waiter)
            if not waiter.turn.done():
                self.busy += 1
                waiter.turn.set_result(None)


class Recent:
    """Counts of events in the last `span_s` seconds, in tenths of it."""

    PARTS = 10

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._counts: dict[tuple[int, str], int] = {}
        self._part_s = 0.0

    def add(self, event: str, *, span_s: float) -> None:
        """Count an event."""
        part = self._forget(span_s)
        self._counts[part, event] = self._counts.get((part, event), 0) + 1

    def counts(self, *, span_s: float) -> Mapping[str, int]:
        """Give how often each event happened."""
        self._forget(span_s)
        found: dict[str, int] = {}
        for (_, event), count in self._counts.items():
            found[event] = found.get(event, 0) + count
        return found

    def clear(self) -> None:
        """Forget all."""
        self._counts.clear()

    def _forget(self, span_s: float) -> int:
        if span_s / self.PARTS != self._part_s:  # Its parts would be of two lengths.
            self._part_s = span_s / self.PARTS
            self._counts.clear()
        part = int(self._now() / self._part_s)
        for one in [one for one in self._counts if one[0] <= part - self.PARTS]:
            del self._counts[one]
        return part


class PerKey(Generic[T]):
    """One thing for each key, made at first use; the keys that were used last are kept."""

    MOST = 10_000

    def __init__(self, make: Callable[[str], T]) -> None:
        self._make = make
        self._made: OrderedDict[str, T] = OrderedDict()

    def of(self, key: str) -> T:
        """Give the key's own."""
        if key not in self._made:
            self._made[key] = self._make(key)
            if len(self._made) > self.MOST:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return self._made[key]

    def clear(self) -> None:
        """Forget all of them."""
        self._made.clear()
