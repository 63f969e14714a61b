"""Says of each command whether the simulated Redis does it, refuses it, or has never heard of it.

Redis 7.0 is what containers run, so what it lacks is unknown here too, whatever fakeredis has. What
Redis has and the simulation does not do is refused in words that cannot be taken for Redis's own.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from fakeredis import _msgs
from fakeredis._commands import SUPPORTED_COMMANDS, Signature
from fakeredis._helpers import SimpleError

from harness.engines.sim.redis_commands import ARITY, CONTAINERS

if TYPE_CHECKING:
    from harness.engines.sim.loop import VirtualLoop

ELSEWHERE = "use --engine compose"
REPLICAS = f"there is no replication: give the lab a service for each replica, or {ELSEWHERE}"
CLUSTER = f"there is no Redis Cluster: give the lab a store for each shard, or {ELSEWHERE}"
SNAPSHOT = f"there are no snapshots: Redis(persistent=True) keeps what was written, or {ELSEWHERE}"
ADDRESSES = (
    f"clients have no addresses: CLIENT ID and CLIENT KILL ID tell them apart, or {ELSEWHERE}"
)

USERS = f"there is one user, who may do anything: have the service say who may what, or {ELSEWHERE}"
PLACES = f"have the service keep coordinates and compare them, or {ELSEWHERE}"

OWN = {"auth", "touch", "wait", "quit"}
"""Commands that are done here, and not by fakeredis."""

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("client|pause", "client|unpause"), ELSEWHERE),
    **dict.fromkeys(("client|list", "client|info"), ADDRESSES),
    **dict.fromkeys(("replicaof", "slaveof", "failover", "role", "psync", "sync"), REPLICAS),
    **dict.fromkeys(("replconf", "readonly", "readwrite", "asking"), REPLICAS),
    **dict.fromkeys(("save", "bgsave", "bgrewriteaof", "lastsave"), SNAPSHOT),
    "shutdown": f"a host is ended by a fault: kill or stop it, or {ELSEWHERE}",
    **{name: USERS for name in ARITY if name.startswith("acl|") and name != "acl|whoami"},
    **{name: PLACES for name in ARITY if name.startswith("geo")},
}
"""What is refused, and what to do instead; fakeredis answers some of it and does nothing."""

SCRIPTING = ("eval", "fcall", "script|", "function|")
"""How the names of commands begin that need an interpreter of Lua."""
LUA = "it needs Lua, which a browser does not have; ./lab play and ./lab run do it"

SETTABLE = {b"notify-keyspace-events"}
"""What `CONFIG SET` has an effect on."""

SHOWN_ARGUMENTS = 128
"""Characters of an unknown command's arguments that Redis repeats."""


def problem(request: Sequence[bytes]) -> SimpleError | None:
    """Say what is wrong with a request before it is run, or queued: its name or its length."""
    first = _text(request[0]).lower()
    if first not in ARITY:
        return SimpleError(_unknown(request))
    name = first
    if first in CONTAINERS and len(request) > 1:
        name = f"{first}|{_text(request[1]).lower()}"
        if name not in ARITY:
            sub = _text(request[1])[:SHOWN_ARGUMENTS]
            return SimpleError(f"ERR unknown subcommand '{sub}'. Try {first.upper()} HELP.")
    arity = ARITY[name]
    if not (len(request) == arity or 0 < -arity <= len(request)):
        return SimpleError(f"ERR wrong number of arguments for '{name}' command")
    return refusal(name, request[2:])


def refusal(name: str, arguments: Sequence[bytes]) -> SimpleError | None:
    """Say that a command is not simulated, if it is not."""
    if name not in REFUSED and _is_done(name):
        if name == "config|set" and not {each.lower() for each in arguments[::2]} <= SETTABLE:
            return not_simulated("CONFIG SET of anything but notify-keyspace-events", ELSEWHERE)
        if name == "client|kill" and _names_addresses(arguments):
            return not_simulated("CLIENT KILL by address", ADDRESSES)
        return None
    if name.startswith(SCRIPTING) and not _is_done("eval"):
        # A service that takes the refusal for a silent store would go on, and record otherwise.
        cast("VirtualLoop", asyncio.get_running_loop()).refuse(name.replace("|", " ").upper(), LUA)
    what = CLUSTER if name.startswith("cluster") else REFUSED.get(name, ELSEWHERE)
    return not_simulated(name.replace("|", " ").upper(), what)


def not_simulated(what: str, instead: str) -> SimpleError:
    """Make the error that says so."""
    return SimpleError(f"ERR {what} is not simulated; {instead}")


def _names_addresses(arguments: Sequence[bytes]) -> bool:
    names = {each.lower() for each in arguments[::2]}
    return len(arguments) == 1 or bool(names & {b"addr", b"laddr"})


def _is_done(name: str) -> bool:
    return name in OWN or name.replace("|", " ") in SUPPORTED_COMMANDS


def _unknown(request: Sequence[bytes]) -> str:
    shown = ""
    for argument in request[1:]:
        if len(shown) < SHOWN_ARGUMENTS:
            shown += f"'{_text(argument)[: SHOWN_ARGUMENTS - len(shown)]}' "
    name = _text(request[0])[:SHOWN_ARGUMENTS]
    return f"ERR unknown command '{name}', with args beginning with: {shown}"


def _text(word: bytes) -> str:
    return word.decode(errors="replace")


class Checked(Signature):
    """A command's arguments, of which the number has been looked at already, as Redis does it.

    What is wrong otherwise (pairs that are no pairs) is found when the command is run, and so does
    not spoil a transaction into which it is queued.
    """

    def __init__(self, real: Signature) -> None:
        super().__init__(real.name, real.func_name, real.fixed, real.repeat, flags="")
        self.flags = real.flags
        self.server_types = real.server_types
        self._real = real

    def check_arity(self, args: Sequence[Any], version: object) -> None:
        """Do nothing: `problem` has."""

    def apply(self, args: Sequence[Any], db: Any, version: Any) -> Any:  # noqa: ANN401 - fakeredis's
        """Take the arguments as fakeredis does, and complain as Redis does."""
        try:
            return self._real.apply(args, db, version)
        except SimpleError as error:
            if error.value == _msgs.WRONG_ARGS_MSG7:
                error.value = _msgs.WRONG_ARGS_MSG6.format(self.name.lower())
            raise


CHECKED = {name: Checked(signature) for name, signature in SUPPORTED_COMMANDS.items()}
