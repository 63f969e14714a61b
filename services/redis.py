"""redis-py's client, the same in a container and in the simulation."""

from redis.asyncio import Connection, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

MAX_CONNECTIONS = 10_000
"""As many as a Redis takes; redis-py's own 100 would be a bulkhead that no lab has asked for."""


def connect(url: str, connection: type[Connection] = Connection) -> Redis:
    """Make a client that does what it is told and nothing else.

    It neither tries again nor has a time limit, which are a lab's to choose (`time_limit`,
    `Retry`); it asks for no notices of maintenance, with which redis-py hands out connections
    that have ended meanwhile.
    """
    client: Redis = Redis.from_url(
        url,
        connection_class=connection,
        decode_responses=True,
        max_connections=MAX_CONNECTIONS,
        socket_timeout=None,
        socket_connect_timeout=None,
        retry=Retry(NoBackoff(), 0),
        driver_info=None,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return client
