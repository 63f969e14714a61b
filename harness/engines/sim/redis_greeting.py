"""How a client of the simulated Redis begins and ends: who it is, which version it speaks."""

from typing import Any

from fakeredis._command_args_parsing import Int
from fakeredis._helpers import OK, SimpleError, SimpleString

from harness.engines.sim.redis_scripts import ScriptSocket

SERVED = {"server": "redis", "version": "7.0.15"}
"""What `HELLO` says of the server on containers."""

USER = b"default"
"""The one user, who needs no password: containers' Redis is given none either."""

NONE_CONFIGURED = (
    "ERR AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?"
)
UNKNOWN_USER = "WRONGPASS invalid username-password pair or user is disabled."
SYNTAX_ERROR = "ERR syntax error"
ARGUMENTS = {b"AUTH": 2, b"SETNAME": 1}
"""The options of `HELLO`, and what follows each."""


class Greeting(ScriptSocket):
    """fakeredis's side of a connection, which lets in nobody that Redis would not."""

    def hello(self, *args: bytes) -> dict[str, Any]:
        """Say which Redis this is, and in which version it is spoken to."""
        if args and args[0] not in {b"2", b"3"}:
            Int.decode(
                args[0], decode_error="ERR Protocol version is not an integer or out of range"
            )
            raise SimpleError("NOPROTO unsupported protocol version")
        words = list(args)
        place = 1
        while place < len(words):
            option = words[place].upper()
            if not 0 < ARGUMENTS.get(option, 0) < len(words) - place:
                raise SimpleError(f"ERR Syntax error in HELLO option '{_text(words[place])}'")
            if option == b"AUTH":
                _let_in(words[place + 1])
            words[place] = option
            place += 1 + ARGUMENTS[option]
        said: dict[str, Any] = super().hello(*words)
        return said | SERVED

    def auth(self, *args: bytes) -> SimpleString:
        """Let the one user in, whatever the password, and nobody else."""
        if len(args) == 1:
            raise SimpleError(NONE_CONFIGURED)
        if len(args) > ARGUMENTS[b"AUTH"]:
            raise SimpleError(SYNTAX_ERROR)
        _let_in(args[0])
        return OK

    def client_getname(self) -> bytes | None:
        """Give the connection's name, or nothing."""
        return super().client_getname() or None

    def quit(self, *_: bytes) -> SimpleString:
        """Say goodbye, and hang up behind it."""
        self.kill()
        return OK


def _let_in(user: bytes) -> None:
    if user != USER:
        raise SimpleError(UNKNOWN_USER)


def _text(word: bytes) -> str:
    return word.decode(errors="replace")
