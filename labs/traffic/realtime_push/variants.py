"""The ways to hear of messages, as settings of the programs and of the hub."""

from collections.abc import Mapping

from harness.model.fault import Setting
from labs.traffic.realtime_push.predictions import PING_S, SILENCE_S

POLLING: Mapping[str, Setting] = {"room.style": "polling"}
LONG_POLLING: Mapping[str, Setting] = {"room.style": "long-polling"}
EVENTS: Mapping[str, Setting] = {"room.style": "events"}
BEATING: Mapping[str, Setting] = {
    **EVENTS,
    "room.silence_ms": 1000 * SILENCE_S,
    "hub.heartbeat_ms": 1000 * PING_S,
}
SOCKETS: Mapping[str, Setting] = {"room.style": "socket", "hub.ping_ms": 1000 * PING_S}
