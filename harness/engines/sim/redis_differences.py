"""What fakeredis 2.40 does otherwise than Redis 7.0, where a lab would notice: done as there."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import Any

from fakeredis import _msgs
from fakeredis._command_args_parsing import Int, Timeout
from fakeredis._commands import Key, Signature
from fakeredis._core import CommandItem
from fakeredis._helpers import OK, SimpleError, SimpleString
from fakeredis._msgs import FLAG_NO_SCRIPT
from fakeredis.commands_mixins.list_mixin import _parse_list_end
from fakeredis.model import ExpiringMembersSet, Hash, XStream, ZSet

from harness.engines.sim import long_double
from harness.engines.sim.redis_greeting import Greeting
from harness.engines.sim.redis_support import (
    CHECKED,
    ELSEWHERE,
    Checked,
    not_simulated,
    problem,
    refusal,
)

LOG = logging.getLogger(__name__)

LATER_PASS = False
"""What fakeredis tells a command that may block when it is tried again."""

NO_GROUP = "NOGROUP No such key '{}' or consumer group '{}' in XREADGROUP with GROUP option"
NOT_A_FLOAT = "ERR value is not a valid float"
NOT_A_FLOAT_IN_HASH = "ERR hash value is not a float"
_EXPIRING = {"expire", "pexpire", "expireat", "pexpireat", "persist"}

NOT_A_TIMEOUT = "ERR timeout is not a float or out of range"
NO_HYPERLOGLOG = "WRONGTYPE Key is not a valid HyperLogLog string value."
_KINDS = {"z": (ZSet, ExpiringMembersSet), "x": (XStream,), "h": (Hash,)}
"""Kinds of values by the first letter of commands that take no others, or the second after `b`."""


def _own(name: str, *arguments: Any, repeat: tuple[Any, ...] = (), flags: str = "") -> Checked:  # noqa: ANN401
    return Checked(Signature(name, name, arguments, repeat, flags=flags))


class HyperLogLog(ExpiringMembersSet):
    """What `PFADD` counts, and no set: here exactly, in Redis to within a percent."""

    def __bool__(self) -> bool:
        """Stay, as a string does, when nothing was counted."""
        return True


_OWN_COMMANDS = {
    "zrangestore": _own("zrangestore", Key(), Key(ZSet), bytes, bytes, repeat=(bytes,)),
    "pfadd": _own("pfadd", Key(HyperLogLog), repeat=(bytes,)),
    "pfcount": _own("pfcount", Key(HyperLogLog), repeat=(Key(HyperLogLog),)),
    "pfmerge": _own("pfmerge", Key(HyperLogLog), repeat=(Key(HyperLogLog),)),
    "blmove": _own("blmove", bytes, bytes, bytes, bytes, Timeout, flags=FLAG_NO_SCRIPT),
    "wait": _own("wait", Int, Int, flags=FLAG_NO_SCRIPT),
    "auth": _own("auth", repeat=(bytes,), flags=FLAG_NO_SCRIPT),
    "quit": _own("quit", repeat=(bytes,), flags=FLAG_NO_SCRIPT),
    "incrbyfloat": _own("incrbyfloat", Key(bytes), bytes),
    "touch": _own("touch", Key(), repeat=(Key(),)),
}


class RedisSocket(Greeting):
    """fakeredis's side of a connection, with the answers of Redis."""

    request: Sequence[bytes] = ()
    """What the client has sent and is being run."""

    def _name_to_func(self, cmd_name: str) -> tuple[Callable[..., Any] | None, Signature]:
        if self._script_resp is None and self.request:
            if error := problem(self.request):
                raise error
        elif error := refusal(cmd_name.replace(" ", "|"), ()):
            raise error
        if own := _OWN_COMMANDS.get(cmd_name):
            return getattr(self, own.func_name), own
        func, signature = super()._name_to_func(cmd_name)
        return func, CHECKED.get(signature.name, signature)

    def _run_command(self, func: Any, sig: Signature, args: Any, from_script: bool) -> Any:  # noqa: ANN401, FBT001
        try:
            result = super()._run_command(func, sig, args, from_script)
        except Exception as error:  # noqa: BLE001 - of fakeredis, and of nobody else
            result = self.why(error, sig.name, [arg for arg in args if isinstance(arg, bytes)])
        if sig.name.lower() in _EXPIRING and result == 1:
            self._db.notify_watch(args[0])  # which fakeredis does for values alone
        if isinstance(result, SimpleError):
            result.value = self._as_redis_says(result.value, sig.name.lower(), args)
        return result

    def _as_redis_says(self, text: str, name: str, args: Sequence[Any]) -> str:
        """Give the words of Redis 7.0 for an error of fakeredis."""
        words = [arg for arg in args if isinstance(arg, bytes)]
        if text == f"ERR invalid expire time in {name}":
            return f"ERR invalid expire time in '{name}' command"
        if text == _msgs.XGROUP_BUSYGROUP:
            return "BUSYGROUP Consumer Group name already exists"
        if text == _msgs.TIMEOUT_NEGATIVE_MSG and words:
            limit = words[0] if name in {"blmpop", "bzmpop"} else words[-1]
            return text if long_double.read(limit) is not None else NOT_A_TIMEOUT
        if text == _msgs.WRONGTYPE_MSG and name.startswith("pf"):
            values = [item.value for word in words if (item := self._db.get(word))]
            return NO_HYPERLOGLOG if any(isinstance(value, bytes) for value in values) else text
        by_place = not {b"byscore", b"bylex"} & {word.lower() for word in words}
        if name == "zrange" and text == "ERR min or max is not a float" and by_place:
            return _msgs.INVALID_INT_MSG
        return text

    def why(self, error: Exception, name: str, words: Sequence[bytes]) -> SimpleError:
        """Say what Redis would of a command at which fakeredis has failed."""
        kinds = _KINDS.get(name.lower().removeprefix("b")[:1])
        values = [item.value for word in words if (item := self._db.get(word))]
        if kinds and any(type(value) not in kinds for value in values):
            return SimpleError(_msgs.WRONGTYPE_MSG)
        LOG.warning("fakeredis fails at %s: %r", name, error)
        what = f"{name.upper()} with these arguments is not simulated"
        return SimpleError(f"ERR {what} ({type(error).__name__}: {error}); {ELSEWHERE}")

    @staticmethod
    def _key_value_type(key: CommandItem) -> SimpleString:
        kind: SimpleString = Greeting._key_value_type(key)  # noqa: SLF001
        return SimpleString(b"string") if type(key.value) is HyperLogLog else kind

    def touch(self, *keys: CommandItem) -> int:
        """Count the keys that are there."""
        return sum(1 for key in keys if key)

    def getex(self, key: CommandItem, *args: bytes) -> Any:  # noqa: ANN401 - anything fakeredis says
        """Give a value and change its time to live, which is not looked at if there is no value."""
        try:
            return super().getex(key, *args)
        except SimpleError as error:
            if not key and error.value != _msgs.SYNTAX_ERROR_MSG:
                return None
            raise

    def restore(self, key: CommandItem, ttl_ms: int, value: bytes, *args: bytes) -> SimpleString:
        """Bring back what was dumped; with `ABSTTL` its end is a time, and not a span."""
        words = [each.lower() for each in args]
        if {b"idletime", b"freq"} & set(words):
            raise not_simulated("RESTORE with IDLETIME or FREQ", ELSEWHERE)
        others = [word for word in words if word != b"absttl"]
        super().restore(key, ttl_ms, value, *others)
        if ttl_ms and len(others) < len(words):
            key.expireat = ttl_ms / 1000
        return OK

    # What waits.

    def blmove(
        self, source: bytes, target: bytes, wherefrom: bytes, whereto: bytes, timeout: float
    ) -> Any:  # noqa: ANN401 - anything that fakeredis says
        """Wait for an element and move it; fakeredis does not wait for a list that is missing."""
        ends = _parse_list_end(wherefrom), _parse_list_end(whereto)
        exactly, count, one_by_one = False, 1, True
        move = partial(self._blmovem_pass, source, target, *ends, exactly, count, one_by_one)
        return self._blocking(timeout, move, lambda moved: moved and moved[0])

    def _lmpop(self, *args: Any) -> Any:  # noqa: ANN401 - anything that fakeredis says
        # fakeredis keeps the key of a list that it has emptied, and tells nobody of the change.
        pop: Any = super()._lmpop
        if popped := pop(*args):
            item = CommandItem(popped[0], self._db, item=self._db.get(popped[0]))
            item.updated()
            item.writeback()
        return popped

    def wait(self, replicas: int, timeout_ms: int) -> Any:  # noqa: ANN401 - anything fakeredis says
        """Wait for replicas in vain, as a Redis without any does."""
        return self._blocking(timeout_ms / 1000, _in_vain, _none) if replicas > 0 else 0

    def xreadgroup(self, group_const: bytes, group: bytes, consumer: bytes, *args: bytes) -> Any:  # noqa: ANN401
        """Read for a group; of a stream that is missing Redis says the same as of a group."""
        names = args[[each.lower() for each in args].index(b"streams") + 1 :] if args else ()
        try:
            return super().xreadgroup(group_const, group, consumer, *args)
        except SimpleError as error:
            if error.value == _msgs.XGROUP_KEY_NOT_FOUND_MSG:
                keys = names[: len(names) // 2]
                missing = next(key for key in keys if self._db.get(key) is None)
                error.value = NO_GROUP.format(missing.decode(), group.decode())
            raise

    def xclaim(
        self, key: CommandItem, group: bytes, consumer: bytes, idle_ms: int, *args: bytes
    ) -> Any:  # noqa: ANN401 - anything that fakeredis says
        """Claim entries; who gets none is no consumer yet."""
        with _no_idle_consumer(key, group, consumer):
            return super().xclaim(key, group, consumer, idle_ms, *args)

    def xautoclaim(
        self, key: CommandItem, group: bytes, consumer: bytes, idle_ms: int, *args: bytes
    ) -> Any:  # noqa: ANN401 - anything that fakeredis says
        """Claim entries from a place on; who gets none is no consumer yet."""
        with _no_idle_consumer(key, group, consumer):
            return super().xautoclaim(key, group, consumer, idle_ms, *args)

    def xinfo_stream(self, key: CommandItem, *args: bytes) -> Any:  # noqa: ANN401 - as above
        """Tell of a stream; not of all that is in it, which fakeredis shapes in its own way."""
        if args and args[0].lower() == b"full":
            raise not_simulated("XINFO STREAM FULL", ELSEWHERE)
        return super().xinfo_stream(key, *args)

    def xpending(self, key: CommandItem, group: bytes, *args: bytes) -> Any:  # noqa: ANN401 - as above
        """Tell of entries that wait for an acknowledgement; their sum counts them in texts."""
        pending: Any = super().xpending(key, group, *args)
        if not args:
            counts = [[consumer, str(count).encode()] for consumer, count in pending[-1]]
            pending[-1] = counts or None
        return pending

    def xinfo_consumers(self, key: CommandItem, group: bytes) -> list[dict[str, Any]]:
        """Tell of a group's consumers; Redis 7.2 knows more of them."""
        told = super().xinfo_consumers(key, group)
        return [{name: one[name] for name in one if name != "inactive"} for one in told]

    def xread(self, *args: bytes) -> Any:  # noqa: ANN401 - anything that fakeredis says
        """Read streams; nothing is no empty list."""
        return super().xread(*args) or None

    def _xreadgroup(self, *args: Any) -> Any:  # noqa: ANN401 - anything that fakeredis says
        # On its first pass fakeredis hands entries out and drops them, or finds "nothing" enough.
        read: Any = super()._xreadgroup
        return read(*args[:-1], LATER_PASS) or None

    def _zmpop(self, keys: Sequence[bytes], *args: Any) -> Any:  # noqa: ANN401 - as above
        return self._first_of(super()._zmpop, keys, *args)

    def _bzpop(self, keys: Sequence[bytes], *args: Any) -> Any:  # noqa: ANN401 - as above
        return self._first_of(super()._bzpop, keys, *args)

    def _first_of(self, pop: Callable[..., Any], keys: Sequence[bytes], *args: Any) -> Any:  # noqa: ANN401
        """Pop from the first sorted set that has something; what is none is an error."""
        for key in keys:
            item = self._db.get(key)
            if item and type(item.value) is not ZSet:
                raise SimpleError(_msgs.WRONGTYPE_MSG)
            if popped := pop([key], *args):
                return popped
        return None

    def copy(self, key: CommandItem, newkey: CommandItem, *args: bytes) -> int:
        """Copy a value; fakeredis lets both keys have the same one."""
        done = int(super().copy(key, newkey, *args))
        if done:
            newkey.db.pop(newkey.key, None)
            newkey.value = deepcopy(key.value)
        return done

    def zrangestore(self, dest: CommandItem, src: CommandItem, *args: bytes) -> int:
        """Keep a range in place of whatever is there."""
        dest.value = ZSet()
        return int(super().zrangestore(dest, src, *args))

    # Sums.

    def incrbyfloat(self, key: CommandItem, amount: bytes) -> bytes:
        """Add to a number in the digits that Redis has."""
        total = _total(key.get(b"0"), amount, NOT_A_FLOAT)
        key.update(total)
        return total

    def hincrbyfloat(self, key: CommandItem, field: bytes, amount: bytes) -> bytes:
        """Add to a field's number in the digits that Redis has."""
        total = _total(key.value.get(field, b"0"), amount, NOT_A_FLOAT_IN_HASH)
        key.value.update({field: total}, clear_expiration=False)
        key.updated()
        self.add_subkey_event(b"hincrbyfloat", key.key, (field,))
        return total

    # Sets: Redis promises no order, and Python's differs from one interpreter to the next.

    def smembers(self, key: Any) -> list[bytes]:  # noqa: ANN401 - fakeredis's own signature
        """Give a set's members, sorted."""
        return sorted(super().smembers(key))

    def sdiff(self, *keys: Any) -> list[bytes]:  # noqa: ANN401 - fakeredis's own signature
        """Give a difference of sets, sorted."""
        return sorted(super().sdiff(*keys))

    def sinter(self, *keys: Any) -> list[bytes]:  # noqa: ANN401 - fakeredis's own signature
        """Give an intersection of sets, sorted."""
        return sorted(super().sinter(*keys))

    def sunion(self, *keys: Any) -> list[bytes]:  # noqa: ANN401 - fakeredis's own signature
        """Give a union of sets, sorted."""
        return sorted(super().sunion(*keys))

    def sintercard(self, numkeys: int, *args: bytes) -> int:
        """Count an intersection; a set that is missing is an empty one."""
        limited = len(args) > numkeys and args[-1].startswith(b"-")  # which Redis finds first
        if 0 < numkeys <= len(args) and not limited:
            items = [self._db.get(key) for key in args[:numkeys]]
            if any(item and type(item.value) is not ExpiringMembersSet for item in items):
                raise SimpleError(_msgs.WRONGTYPE_MSG)
            if not all(items):
                return 0
        return int(super().sintercard(numkeys, *args))

    def pfmerge(self, dest: CommandItem, *sources: CommandItem) -> SimpleString:
        """Add what the others have counted to what is there."""
        dest.value.update({member for source in sources for member in source.value})
        dest.updated()
        return OK


@contextmanager
def _no_idle_consumer(key: CommandItem, name: bytes, consumer: bytes) -> Iterator[None]:
    """Forget a consumer that a claim has made and given nothing, as Redis never makes it."""
    group = key.value.group_get(name) if key.value is not None else None
    consumers = group.consumers if group else {}
    known = consumer in consumers
    yield
    if not known and consumer in consumers and not consumers[consumer].pending:
        del consumers[consumer]


def _total(text: bytes, amount: bytes, complaint: str) -> bytes:
    summand, start = long_double.read(amount), long_double.read(text)
    if summand is None:
        raise SimpleError(NOT_A_FLOAT)
    if start is None:
        raise SimpleError(complaint)
    return long_double.write(long_double.add(start, summand))


def _in_vain(_: object) -> None:
    return None


def _none(_: object) -> int:
    return 0
