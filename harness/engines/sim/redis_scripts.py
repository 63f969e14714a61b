"""What a script of Redis 7.0 finds in its interpreter: what fakeredis gives it, more, and less."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from fakeredis import FakeServer, _msgs
from fakeredis._helpers import SimpleError
from fakeredis._socket import FakeSocket

try:
    from fakeredis.commands_mixins.scripting_mixin import LUA_MODULE, _lua_cjson_null
except ImportError:  # A browser has no Lua: fakeredis then has no scripts, and a lab is told so.
    LUA_MODULE = _lua_cjson_null = None  # type: ignore[assignment]

BITS = 32
SCRIPT_LINE = " script: {}, on @user_script:1."
"""What Redis adds to the error of a command that a script of one line has called."""

_SANDBOX = """
function(bits, sha1hex, encode, decode)
    for _, name in ipairs({'os', 'io', 'require', 'package', 'module', 'dofile', 'loadfile',
                           'debug', 'python', 'newproxy', 'print'}) do
        _G[name] = nil
    end
    bit = bits
    redis.sha1hex = sha1hex
    redis.REDIS_VERSION, redis.REDIS_VERSION_NUM = '7.0.15', 0x0007000f
    cjson.encode, cjson.decode = encode, decode
    local function missing(library)
        return setmetatable({}, {__index = function()
            error(library .. ' is not simulated; use --engine compose')
        end})
    end
    struct, cmsgpack = missing('struct'), missing('cmsgpack')
    local real_tostring, null = tostring, cjson.null
    tostring = function(value)
        return value == null and 'userdata: (nil)' or real_tostring(value)
    end
    math.randomseed(0)
    -- Not of _G itself: lupa looks into that outside of any protected call, and would abort.
    script_globals = setmetatable({}, {__newindex = _G, __index = function(_, name)
        local value = rawget(_G, name)
        if value == nil then
            error("Script attempted to access nonexistent global variable '"
                  .. tostring(name) .. "'", 2)
        end
        return value
    end})
end
"""

_BEFORE = b"setfenv(1, script_globals) "
"""What stands before a script, in its first line, so that lines keep their numbers."""

NOT_ALLOWED = "ERR This Redis command is not allowed from script"
COMPILING = re.compile(r'error loading code: \[string "<python>"\]:(\d+): (.*)', re.DOTALL)
RUNNING = re.compile(r'\[string "<python>"\]:(\d+): (.*)', re.DOTALL)
"""What lupa says of a script that is no Lua, and of one that has failed: the line, and why."""


class ScriptSocket(FakeSocket):
    """fakeredis's side of a connection that runs scripts as Redis does."""

    def eval(self, script: bytes, numkeys: int, *keys_and_args: bytes) -> Any:  # noqa: ANN401
        """Run a script; fakeredis lets one that failed spoil the interpreter for the next."""
        self._failed: SimpleError | None = None
        try:
            return super().eval(script, numkeys, *keys_and_args)
        except SimpleError as error:
            vars(self._server).pop("_lua_runtime", None)
            error.value = _of_lua(error.value, script)
            if self._failed and error.value == self._failed.value and b"\\n" not in script:
                error.value += SCRIPT_LINE.format(hashlib.sha1(script).hexdigest())  # noqa: S324
            raise

    def _lua_redis_pcall(self, *args: Any) -> Any:  # noqa: ANN401 - lupa is untyped
        result = super()._lua_redis_pcall(*args)
        self._failed = None
        return result

    def _lua_redis_call(self, *args: Any) -> Any:  # noqa: ANN401 - lupa is untyped
        try:
            return super()._lua_redis_call(*args)
        except SimpleError as error:
            # A new one: what `pcall` answers is the text that an error was made with.
            forbidden = error.value == _msgs.COMMAND_IN_SCRIPT_MSG
            self._failed = SimpleError(NOT_ALLOWED) if forbidden else error
            raise self._failed from None

    def _convert_lua_result(self, result: Any, nested: bool = True) -> Any:  # noqa: ANN401, FBT001, FBT002
        # Of several values a script answers the first.
        value = result[0] if isinstance(result, tuple) else result
        if value is _lua_cjson_null:
            return None
        return super()._convert_lua_result(value, nested)

    def _get_server_runtime(self, server: FakeServer) -> Any:  # noqa: ANN401 - lupa is untyped
        fresh = not hasattr(server, "_lua_runtime")
        runtime = super()._get_server_runtime(server)
        if fresh:
            library = _Library(runtime)
            bits = runtime.table_from(library.bits())
            prepare = runtime.eval(_SANDBOX)
            prepare(bits, library.sha1hex, library.encode, library.decode)
            # A script that makes a global of its own is refused; these are no script's.
            known = vars(server)["_lua_expected_globals"]
            known |= set(runtime.globals().keys())
        # Redis throws a script's dice anew, too, so that they always fall the same.
        runtime.execute("math.randomseed(0)")
        return _Strict(runtime)


class _Strict:
    """An interpreter in which a script may read no global that there is not."""

    def __init__(self, runtime: Any) -> None:  # noqa: ANN401 - lupa is untyped
        self._runtime = runtime

    def execute(self, code: bytes | str) -> Any:  # noqa: ANN401 - any value of Lua's
        """Run a script; what fakeredis runs itself is a text."""
        return self._runtime.execute(_BEFORE + code if isinstance(code, bytes) else code)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - lupa is untyped
        return getattr(self._runtime, name)


def _of_lua(text: str, script: bytes) -> str:
    """Give the words of Redis for a script that Lua refuses, or that fails by itself."""
    digest = hashlib.sha1(script).hexdigest()  # noqa: S324 - as Redis has it
    failed = text.removeprefix(_msgs.SCRIPT_ERROR_MSG.format(digest, ""))
    if found := COMPILING.fullmatch(failed):
        return "ERR Error compiling script (new function): user_script:{}: {}".format(
            *found.groups()
        )
    if found := RUNNING.fullmatch(failed):
        line, why = found.groups()
        return f"ERR user_script:{line}: {why} script: {digest}, on @user_script:{line}."
    return text


class _Library:
    """Functions for scripts, written in Python."""

    def __init__(self, runtime: Any) -> None:  # noqa: ANN401 - lupa is untyped
        self._runtime = runtime

    def bits(self) -> dict[bytes, Callable[..., Any]]:
        """Give the functions of `bit`: numbers of 32 bits with a sign."""
        return {
            b"tobit": _signed,
            b"bnot": lambda one: _signed(~_bits(one)),
            b"band": lambda *all_: _fold(int.__and__, all_),
            b"bor": lambda *all_: _fold(int.__or__, all_),
            b"bxor": lambda *all_: _fold(int.__xor__, all_),
            b"lshift": lambda one, by: _signed(_bits(one) << (int(by) % BITS)),
            b"rshift": lambda one, by: _signed(_bits(one) >> (int(by) % BITS)),
            b"arshift": lambda one, by: _signed(_signed(one) >> (int(by) % BITS)),
            b"rol": lambda one, by: _signed(_rolled(_bits(one), int(by) % BITS)),
            b"ror": lambda one, by: _signed(_rolled(_bits(one), -int(by) % BITS)),
            b"bswap": lambda one: _signed(int.from_bytes(_bits(one).to_bytes(4), "little")),
            b"tohex": lambda one, digits=8: _hex(_bits(one), int(digits)),
        }

    def sha1hex(self, text: Any) -> bytes:  # noqa: ANN401 - any value of Lua's
        """Give the SHA-1 of a text in hexadecimal digits."""
        return hashlib.sha1(_text(text)).hexdigest().encode()  # noqa: S324 - as Redis has it

    def encode(self, value: Any) -> bytes:  # noqa: ANN401 - any value of Lua's
        """Write JSON as cjson does: a table with nothing in it is an object."""
        return json.dumps(_to_python(value), separators=(",", ":"), ensure_ascii=False).encode()

    def decode(self, text: Any) -> Any:  # noqa: ANN401 - any value of Lua's
        """Read JSON; its null is `cjson.null`."""
        return self._to_lua(json.loads(_text(text)))

    def _to_lua(self, value: object) -> Any:  # noqa: ANN401 - any value of Lua's
        match value:
            case None:
                return _lua_cjson_null
            case str():
                return value.encode()
            case list():
                return self._runtime.table_from([self._to_lua(each) for each in value])
            case dict():
                pairs = {name.encode(): self._to_lua(each) for name, each in value.items()}
                return self._runtime.table_from(pairs)
            case _:
                return value


def _to_python(value: Any) -> object:  # noqa: ANN401 - any value of Lua's
    if LUA_MODULE.lua_type(value) == "table":
        names = list(value.keys())
        if names and all(isinstance(name, int) for name in names):
            return [_to_python(value[number]) for number in range(1, max(names) + 1)]
        return {_text(name).decode(): _to_python(each) for name, each in value.items()}
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None if value is _lua_cjson_null else value


def _text(value: Any) -> bytes:  # noqa: ANN401 - any value of Lua's
    if isinstance(value, bytes):
        return value
    return f"{value:.14g}".encode() if isinstance(value, float) else str(value).encode()


def _bits(number: Any) -> int:  # noqa: ANN401 - any number of Lua's
    return int(round(float(number)) % 2**BITS)


def _signed(number: Any) -> int:  # noqa: ANN401 - any number of Lua's
    bits = _bits(number)
    return bits - 2**BITS if bits >= 2 ** (BITS - 1) else bits


def _fold(operator: Callable[[int, int], int], numbers: tuple[Any, ...]) -> int:
    result = _bits(numbers[0])
    for number in numbers[1:]:
        result = operator(result, _bits(number))
    return _signed(result)


def _rolled(bits: int, by: int) -> int:
    return (bits << by) | (bits >> (BITS - by))


def _hex(bits: int, digits: int) -> bytes:
    text = f"{bits:08x}"[-abs(digits) :]
    return (text.upper() if digits < 0 else text).encode()
