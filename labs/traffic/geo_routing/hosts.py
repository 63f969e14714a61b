"""The hosts of two regions and of those who use them, and what is lost of them."""

from harness.model import Configure, Distance, Partition, Service, during
from harness.model.fault import Setting
from labs.traffic.geo_routing.predictions import (
    END_S,
    FAR_S,
    HOLD_S,
    LIMIT_S,
    LOST_S,
    MOVES_S,
    PROBE_LIMIT_S,
    PROBE_S,
    PROBES,
    TTL_S,
    WORK_S,
)

REGIONS = ("east", "west")
LAB = "labs.traffic.geo_routing"
REGION: dict[str, Setting] = {"workers": 100, "service_ms": 1000 * WORK_S}

HOSTS = (
    Service(
        "users",
        app=f"{LAB}.service_users",
        calls=("resolver", "edge", *REGIONS),
        settings={"timeout_ms": 1000 * LIMIT_S, "hold_ms": 1000 * HOLD_S},
    ),
    Service(
        "resolver",
        app="services.resolver",
        settings={"names": "shop=east, spare=west", "ttl_ms": 1000 * TTL_S},
    ),
    Service(
        "edge",
        app=f"{LAB}.service_edge",
        calls=REGIONS,
        settings={
            "every_ms": 1000 * PROBE_S,
            "down_after": PROBES,
            "probe_timeout_ms": 1000 * PROBE_LIMIT_S,
            "timeout_ms": 1000 * LIMIT_S,
        },
    ),
    *(Service(region, app="services.worker", settings=REGION) for region in REGIONS),
)
FAR = Distance(("users", "edge"), ("west",), one_way_ms=round(500 * FAR_S))
LOSS = (
    during(LOST_S, END_S, Partition(("users", "edge"), ("east",)), said="east is lost"),
    during(
        LOST_S + MOVES_S,
        END_S,
        Configure("resolver", names="shop=west, spare=west"),
        said="the name leads west",
    ),
)
