"""Random commands for Redis: what labs use, with right and wrong arguments, drawn from a seed."""

import random
from collections.abc import Iterator

Command = tuple[str, ...]

TEMPLATES = """
GET K|SET K V|SET K V NX|SET K V XX|SET K V GET|SET K V KEEPTTL|SET K V EX 100|SET K V PX 100000
SETNX K V|SETEX K 100 V|GETSET K V|GETDEL K|GETEX K|GETEX K EX 100|GETEX K PERSIST|STRLEN K
APPEND K V|INCR K|DECR K|INCRBY K I|DECRBY K I|INCRBYFLOAT K F|MGET K K|MSET K V K V
MSETNX K V K V|SETRANGE K 2 V|GETRANGE K 0 I|SETBIT K 7 1|GETBIT K I|BITCOUNT K|DEL K|DEL K K
UNLINK K|EXISTS K K|TYPE K|EXPIRE K 100|EXPIRE K 100 NX|EXPIRE K 50 GT|EXPIRE K 50 LT
EXPIRE K 100 XX|PERSIST K|TTL K|RENAME K K|RENAMENX K K|COPY K K|COPY K K REPLACE|DBSIZE|TOUCH K K
PEXPIRE K 100000|EXPIRE K -1|SET K I|SET K F|PTTL none|LPUSH K V|RPUSH K V V|LPUSHX K V|RPUSHX K V
LPOP K|RPOP K|LPOP K 2|RPOP K I|LLEN K|LRANGE K 0 -1|LRANGE K I I|LINDEX K I|LSET K I V|LREM K I V
LTRIM K 0 I|LINSERT K BEFORE V V|LINSERT K AFTER V V|LPOS K V|LPOS K V RANK -1|LPOS K V COUNT 0
LMOVE K K LEFT RIGHT|RPOPLPUSH K K|LMPOP 1 K LEFT|LMPOP 2 K K RIGHT COUNT 2|BLPOP K 0.01
BRPOP K K 0.01|BLMOVE K K LEFT LEFT 0.01|BLMPOP 0.01 1 K LEFT|SADD K V V|SREM K V|SISMEMBER K V
SMISMEMBER K V V|SCARD K|SMEMBERS K|SINTER K K|SUNION K K|SDIFF K K|SINTERSTORE K K K
SUNIONSTORE K K K|SDIFFSTORE K K K|SMOVE K K V|SINTERCARD 2 K K|SINTERCARD 1 K LIMIT I|HSET K V V
HSET K V V V V|HSETNX K V V|HGET K V|HMGET K V V|HGETALL K|HDEL K V|HLEN K|HKEYS K|HVALS K
HEXISTS K V|HINCRBY K V I|HINCRBYFLOAT K V F|HSTRLEN K V|HSET K V I|HSET K V F|HMSET K V V
ZADD K S V|ZADD K S V S V|ZADD K NX S V|ZADD K XX CH S V|ZADD K GT S V|ZADD K LT CH S V
ZADD K INCR S V|ZINCRBY K S V|ZSCORE K V|ZMSCORE K V V|ZCARD K|ZRANK K V|ZREVRANK K V|ZREM K V
ZCOUNT K -inf S|ZRANGE K 0 -1|ZRANGE K 0 -1 WITHSCORES|ZRANGE K 0 -1 REV|ZRANGE K -inf S BYSCORE
ZRANGE K (S +inf BYSCORE|ZRANGEBYSCORE K S S WITHSCORES|ZREVRANGE K 0 I WITHSCORES
ZREVRANGEBYSCORE K +inf S|ZPOPMIN K|ZPOPMAX K 2|ZREMRANGEBYSCORE K -inf S|ZREMRANGEBYRANK K 0 0
ZUNIONSTORE K 2 K K|ZINTERSTORE K 2 K K WEIGHTS 2 S|ZUNION 2 K K WITHSCORES|ZINTER 2 K K
ZDIFF 2 K K|ZDIFFSTORE K 2 K K|ZINTERCARD 2 K K|ZLEXCOUNT none - +|ZRANGEBYLEX none - [V
ZRANGESTORE K K 0 1|ZMPOP 1 K MIN|ZMPOP 2 K K MAX COUNT 2|BZPOPMIN K 0.01|BZPOPMAX K 0.01
BZMPOP 0.01 1 K MIN|ZUNIONSTORE K 2 K K AGGREGATE MAX|ZUNIONSTORE K 1 K WEIGHTS S|XADD K N-1 V V
XADD K N-* V V|XADD K NOMKSTREAM N-2 V V|XADD K MAXLEN 2 N-3 V V|XLEN K|XRANGE K - +|XRANGE K N +
XREVRANGE K + - COUNT 2|XDEL K N-1|XTRIM K MAXLEN I|XREAD COUNT 2 STREAMS K N|XREAD STREAMS K $
XGROUP CREATE K g 0|XGROUP CREATE K g $ MKSTREAM|XGROUP DESTROY K g|XGROUP SETID K g 0
XGROUP CREATECONSUMER K g c|XGROUP DELCONSUMER K g c|XREADGROUP GROUP g c COUNT 1 STREAMS K >
XREADGROUP GROUP g d STREAMS K >|XREADGROUP GROUP g c STREAMS K 0|XACK K g N-1|XPENDING K g
XINFO GROUPS K|XCLAIM K g d 0 N-1 JUSTID|XCLAIM K g c 0 N-1|XAUTOCLAIM K g d 0 0 COUNT 1
XREAD BLOCK 10 STREAMS K $|XREADGROUP GROUP g c BLOCK 10 STREAMS K >|XADD K 0-0 V V
XREADGROUP GROUP nog c STREAMS K >|PFADD P V V|PFCOUNT P|PFCOUNT P P|PFMERGE P P|PFMERGE P P P
PFCOUNT K|PFADD P V|MULTI|EXEC|DISCARD|WATCH W|UNWATCH|PING|PING V|ECHO V|GET|HSET K V
HSET K V V V|MSET K V K|nosuch K V|CLIENT NOSUCH|CLIENT|OBJECT|XGROUP|SET K|SET K V EX
SET K V PX 0|SET K V EX x|EXPIRE K x|LPOP K -1|EXPIREAT K 4102444800|TTL none|INCRBY K x
INCRBYFLOAT K x|ZADD none x V|SELECT 99|ZADD K V|JSON.GET K|HEXPIRE K 5 FIELDS 1 V|BLPOP K -1
BLPOP K x|XADD K x V V|XADD K 5-5 V|LMPOP 0 K LEFT|ZRANGE none x y|PUBLISH V V|PUBSUB NUMSUB V
SCRIPT EXISTS V|EVALSHA V 0|WAIT 0 1|CLIENT GETNAME|PUBSUB CHANNELS|SET W V|INCR W|DEL W
EXPIRE W 100|GET W|PERSIST W
"""

SCRIPTS = (
    "return redis.call('GET', KEYS[1])",
    "return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', 100000)",
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0",
    "local n = redis.call('INCR', KEYS[1]) if n > 3 then return {n, 'over'} end return n",
    "return {1, 2.9, 'three', {4, {5}}, false, 6}",
    "return {1, nil, 3}",
    "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('STRLEN', KEYS[1])",
    "return redis.pcall('LPUSH', KEYS[1], ARGV[1])",
    "return redis.call('HGETALL', KEYS[1])",
    "return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')",
    "return {ok = 'FINE'}",
    "return redis.error_reply('MY own')",
    "return redis.status_reply('DONE')",
    "return cjson.encode({ARGV[1], 2})",
    "return cjson.decode('[1, 2.5, 3]')",
    "return tonumber(ARGV[1]) or -1",
    "return unpack({1, 2, 3})",
    "return type(redis.call('GET', 'none'))",
    "return #redis.call('LRANGE', KEYS[1], 0, -1)",
    "return tostring(cjson.null)",
    "return redis.sha1hex(ARGV[1])",
    "return bit.band(6, 3)",
    "return bit.tohex(255)",
    "return math.floor(3.7)",
    "return string.format('%d-%s', 3, ARGV[1])",
    "return redis.call('XADD', KEYS[1], '1-1', 'f', ARGV[1])",
)

KEYS = "abcdefgh"
VALUES = ("x", "y", "zz", "1", "2", "10", "-3", "0.1", "3.5", "", "1e3", "a b")
FLOATS = ("0.1", "0.2", "1.5", "-2.25", "1e10", "3", "1e-3", "123456789.123", "0.3")
SCORES = ("1", "2", "2.5", "-1", "0.1", "1e17", "3", "0.2")
DRAWN = {
    "V": VALUES,
    "F": FLOATS,
    "S": SCORES,
    "I": ("0", "1", "2", "3", "-1", "-2", "10"),
    "P": ("p", "p2", "p3"),
    "W": ("w", "w2"),
}
"""What stands for a word of a template; `K` is a key, `N` a number of a stream's entry."""


def commands(rng: random.Random) -> Iterator[Command]:
    """Draw commands without end; nine of ten times a key is asked for what it holds."""
    templates = [line for line in TEMPLATES.replace("\n", "|").split("|") if line]
    while True:
        if rng.random() < 0.06:
            keys = rng.choices(KEYS, k=1)
            yield ("EVAL", rng.choice(SCRIPTS), "1", *keys, rng.choice(VALUES))
            continue
        if rng.random() < 0.004:
            yield ("FLUSHALL",)
            continue
        words = rng.choice(templates).split()
        # A key for each first letter of a command's family, so that types clash seldom.
        own = KEYS[sum(map(ord, words[0][:2].lstrip("B"))) % len(KEYS)]
        yield tuple(_word(rng, word, own) for word in words)


def _word(rng: random.Random, word: str, own: str) -> str:
    if word == "K":
        return rng.choice((own, own, own, f"{own}2", rng.choice(KEYS)))
    if word == "N" or word[:2] == "N-":
        return f"{rng.randrange(1, 30)}{word[1:]}"
    prefix = word[0] if word[0] in "([" else ""
    drawn = DRAWN.get(word.removeprefix(prefix))
    return prefix + rng.choice(drawn) if drawn else word
