"""Networks: what distance, width, delayed acknowledgements and reflectors cost.

Sources: RFC 896 and RFC 1122 for Nagle and delayed acknowledgements; Brooker, "It's always
TCP_NODELAY" (2024).
"""

import math

from harness.theory import domain

FIBRE_KM_S = 200_000
EARTH_KM = 6371.0
RIGHT_ANGLE, HALF_TURN = 90, 180


def rtt_floor_s(*, distance_km: float) -> float:
    """Least round trip over a distance through glass, 2 d / (200,000 km/s), in seconds.

    55.7 ms for New York and London. Real routes are longer than the great circle.

    Raises:
        ValueError: `distance_km` is negative.

    """
    domain.not_negative(distance_km=distance_km)
    return 2 * distance_km / FIBRE_KM_S


def great_circle_km(
    *, latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Shortest way between two places on a sphere, in kilometres; degrees go in.

    Haversine; the real Earth differs by up to 0.5 %.

    Raises:
        ValueError: a latitude is outside -90..90, or a longitude outside -180..180.

    """
    for limit, places in (
        (RIGHT_ANGLE, {"latitude": latitude, "other_latitude": other_latitude}),
        (HALF_TURN, {"longitude": longitude, "other_longitude": other_longitude}),
    ):
        for name, degrees in places.items():
            domain.require(
                abs(degrees) <= limit, f"{name} must be from -{limit} to {limit}, not {degrees:g}"
            )
    north, south = math.radians(latitude), math.radians(other_latitude)
    turn = math.radians(other_longitude - longitude)
    chord = math.sin((south - north) / 2) ** 2
    chord += math.cos(north) * math.cos(south) * math.sin(turn / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(chord)))


def round_trips_s(*, round_trips: int, rtt_s: float) -> float:
    """Time that a protocol of so many round trips spends on the way, in seconds.

    Raises:
        ValueError: a number is negative.

    """
    domain.count(0, round_trips=round_trips)
    domain.not_negative(rtt_s=rtt_s)
    return round_trips * rtt_s


def transfer_s(*, size_mb: float, rate_mb_s: float, rtt_s: float = 0) -> float:
    """Time from asking for something until all of it is there, rtt + size / rate, in seconds.

    Valid on a connection that stands, with a window above rate x rtt: a new one begins slowly.

    Raises:
        ValueError: `rate_mb_s` not above 0, or another number is negative.

    """
    domain.not_negative(size_mb=size_mb, rtt_s=rtt_s)
    domain.positive(rate_mb_s=rate_mb_s)
    return rtt_s + size_mb / rate_mb_s


def compression_pays_below_mb_s(*, size_mb: float, left_ratio: float, cpu_s: float) -> float:
    """Rate of a link below which compressing makes a transfer quicker, in megabytes a second.

    size (1 - r) / cpu, where a share r of the bytes is left: what is saved on the way is more
    than what is spent on packing and unpacking, one after the other. Derived.

    Raises:
        ValueError: `size_mb` negative, `left_ratio` outside 0..1, or `cpu_s` not above 0.

    """
    domain.not_negative(size_mb=size_mb)
    domain.share(left_ratio=left_ratio)
    domain.positive(cpu_s=cpu_s)
    return size_mb * (1 - left_ratio) / cpu_s


def delayed_ack_calls_rps(*, delay_s: float = 0.04) -> float:
    """Rate of calls of a connection where Nagle waits for a delayed acknowledgement.

    1 / delay, 25/s with Linux's 40 ms: each call that writes twice before it reads waits once.

    Raises:
        ValueError: `delay_s` not above 0.

    """
    domain.positive(delay_s=delay_s)
    return 1 / delay_s


def amplification_factor(*, request_bytes: int, response_bytes: int) -> float:
    """How many bytes a reflector sends for one that it is sent.

    Up to 51,000 for memcached over UDP (Cloudflare, 2018).

    Raises:
        ValueError: there is no request, or `response_bytes` is negative.

    """
    domain.count(1, request_bytes=request_bytes)
    domain.count(0, response_bytes=response_bytes)
    return response_bytes / request_bytes
