"""Stream: a log in partitions, read by groups of members that say how far they have come.

A message goes to the partition of its key, behind all that are there, so messages of a key are read
in the order in which they were taken; those of different keys need not be. Each partition of a
group is read by one member; a member of whom nothing is heard for `session_ms` loses its partitions
to the others, and they begin at the last acknowledged message: what was read and not acknowledged
is read again. Sources: Kreps, Narkhede, Rao, "Kafka" (NetDB 2011); Kreps, "The Log" (2013). In
production: Kafka, Redpanda, Kinesis; aiokafka.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Gauge
from prometheus_client.core import GaugeMetricFamily

from services.context import Context
from services.guarding import Serving
from services.server import at_least, live
from services.tracing import CURRENT, HEADER

FULL = web.HTTPTooManyRequests.status_code
NOT_YOURS = web.HTTPConflict.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many partitions there are, and when a member's are given to others.

    A message is refused (429) while a group is `most_lag` or more behind in its partition, 0 for no
    such limit. At most `batch` messages are handed out at a time.
    """

    partitions: int = 4
    session_ms: float = live(1000)
    batch: int = live(10)
    most_lag: int = live(0)

    def __post_init__(self) -> None:
        at_least(1, partitions=self.partitions, batch=self.batch, session_ms=self.session_ms)
        at_least(0, most_lag=self.most_lag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is in the log: a key, a body, when it was taken, and the trace that it travels with."""

    key: str
    body: str
    taken_s: float
    trace: str


class Group:
    """The members that share the partitions, and how far each partition is acknowledged.

    Partitions are dealt out in turn to the members by their names, anew whenever one comes or goes.
    """

    def __init__(self, partitions: int) -> None:
        self.acknowledged = [0] * partitions
        self._heard_s: dict[str, float] = {}

    def hear(self, member: str, now_s: float) -> None:
        """Take note of a member."""
        self._heard_s[member] = now_s

    def forget(self, before_s: float) -> None:
        """Drop the members of whom nothing was heard since."""
        self._heard_s = {one: at_s for one, at_s in self._heard_s.items() if at_s >= before_s}

    def own(self, member: str) -> Sequence[int]:
        """Give the partitions of a member; none when it is not of the group."""
        members = sorted(self._heard_s)
        if member not in members:
            return ()
        return range(members.index(member), len(self.acknowledged), len(members))


class Log:
    """The partitions and the groups, on a disk that a crash leaves as it was."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._count = ctx.settings.partitions
        self.partitions: list[list[Message]] = [list(self._kept(n)) for n in range(self._count)]
        self.groups: dict[str, Group] = {}
        for name, acknowledged in json.loads(ctx.volume.read("groups") or b"{}").items():
            self.group(name).acknowledged = acknowledged

    def take(self, message: Message) -> str:
        """Write a message to its partition; give its place, or "" when that is full."""
        partition = zlib.crc32(message.key.encode()) % self._count
        most = self._ctx.settings.most_lag
        if most and self.lag(partition) >= most:
            return ""
        there = self.partitions[partition]
        there.append(message)
        # A file for each message: a disk that is written whole each time would be ever slower.
        name = f"message-{partition}-{len(there) - 1}"
        kept = (message.key, message.body, message.taken_s, message.trace)
        self._ctx.volume.write(name, json.dumps(kept).encode())
        return f"{partition}/{len(there) - 1}"

    def hand_out(self, name: str, member: str) -> list[dict[str, object]]:
        """Give a member what comes next in its partitions: what is not acknowledged."""
        group = self._there(name)
        group.hear(member, self._ctx.now())
        given: list[dict[str, object]] = []
        for partition in group.own(member):
            start = group.acknowledged[partition]
            end = start + self._ctx.settings.batch - len(given)
            ready = self.partitions[partition][start:end]
            given += [_plain(partition, place, one) for place, one in enumerate(ready, start)]
        return given

    def acknowledge(self, name: str, member: str, partition: int, upto: int) -> bool:
        """Keep how far a member has come; False when the partition is not its own any more."""
        group = self._there(name)
        if partition not in group.own(member):
            return False
        group.hear(member, self._ctx.now())
        group.acknowledged[partition] = max(group.acknowledged[partition], upto)
        kept = {one: group.acknowledged for one, group in self.groups.items()}
        self._ctx.volume.write("groups", json.dumps(kept).encode())
        return True

    def _there(self, name: str) -> Group:
        group = self.group(name)
        group.forget(self._ctx.now() - self._ctx.settings.session_ms / 1000)
        return group

    def group(self, name: str) -> Group:
        """Give a group, which begins with the first message of each partition."""
        return self.groups.setdefault(name, Group(self._count))

    def lag(self, partition: int) -> int:
        """Give how far the slowest group is behind in a partition; 0 without groups."""
        there = len(self.partitions[partition])
        return max((there - one.acknowledged[partition] for one in self.groups.values()), default=0)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Tell for each group how many messages are not acknowledged, and how old the oldest is."""
        lag = GaugeMetricFamily("lag", "Messages not acknowledged", labels=["group", "partition"])
        age = GaugeMetricFamily("lag_seconds", "Age of the oldest of them", labels=["group"])
        for name, group in sorted(self.groups.items()):
            oldest = []
            for number, (there, done) in enumerate(
                zip(self.partitions, group.acknowledged, strict=True)
            ):
                lag.add_metric([name, str(number)], len(there) - done)
                oldest += [message.taken_s for message in there[done : done + 1]]
            age.add_metric([name], self._ctx.now() - min(oldest) if oldest else 0)
        yield from (lag, age)

    def _kept(self, partition: int) -> Iterator[Message]:
        place = 0
        while kept := self._ctx.volume.read(f"message-{partition}-{place}"):
            key, body, taken_s, trace = json.loads(kept)
            yield Message(key=key, body=body, taken_s=taken_s, trace=trace)
            place += 1


def app(ctx: Context[Settings]) -> web.Application:
    """Serve who writes and who reads.

    `POST /messages/<key>/<body>`: 202 with its place. `GET /groups/<group>/<member>`: the messages
    to do next, as JSON. `PUT /groups/<group>/<member>/<partition>/<place>`: all up to this one are
    done; 409 when another member has the partition now. `GET /messages`: all bodies.
    """
    log = Log(ctx)
    ctx.metrics.register(log)  # a collector by its form
    written = Gauge("messages", "Messages in the log", registry=ctx.metrics)
    written.set_function(lambda: sum(map(len, log.partitions)))

    async def take(request: web.Request) -> web.Response:
        here = CURRENT.get()
        message = Message(
            key=request.match_info["key"],
            body=request.match_info["body"],
            taken_s=ctx.now(),
            trace=here.header() if here else "",
        )
        place = log.take(message)
        if not place:
            return web.Response(status=FULL, text="too far behind\n")
        return web.Response(status=202, text=f"{place}\n")

    async def hand_out(request: web.Request) -> web.Response:
        return web.json_response(log.hand_out(*_who(request)))

    async def acknowledge(request: web.Request) -> web.Response:
        partition, place = (int(request.match_info[name]) for name in ("partition", "place"))
        if partition >= len(log.partitions):
            return web.Response(status=404, text=f"no partition {partition}\n")
        if not log.acknowledge(*_who(request), partition, place + 1):
            return web.Response(status=NOT_YOURS, text="not yours any more\n")
        return web.Response(text="noted\n")

    async def everything(_: web.Request) -> web.Response:
        bodies = (message.body for there in log.partitions for message in there)
        return web.Response(text=" ".join(bodies) + "\n")

    application = web.Application()
    application.router.add_post("/messages/{key}/{body}", take)
    application.router.add_get("/messages", everything)
    application.router.add_get("/groups/{group}/{member}", hand_out)
    application.router.add_put(r"/groups/{group}/{member}/{partition:\d+}/{place:\d+}", acknowledge)
    return application


def _who(request: web.Request) -> tuple[str, str]:
    return request.match_info["group"], request.match_info["member"]


def _plain(partition: int, place: int, message: Message) -> dict[str, object]:
    return {
        "partition": partition,
        "place": place,
        "key": message.key,
        "body": message.body,
        HEADER: message.trace,
    }
