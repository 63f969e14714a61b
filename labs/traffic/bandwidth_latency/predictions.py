"""What theory says of batches, links and packing, from the lab's own numbers."""

from harness.measures import latency_ms, plots
from harness.model import Distance, Paced, predict
from harness.theory import networks, overload, scaling

BATCH, FIXED_S, ITEM_S = 11, 0.02, 0.001
BUSY_RPS, QUIET_RPS, FILES_RPS = 100, 10, 0.5
FILE_KB, LEFT, PACK_S = 500, 0.2, 0.1
SLOW_KBPS, FAST_KBPS = 250, 10_000
END_S = 12
SETTLED = (4, 9.5)
"""Whole batches, at either rate."""
MIDDLE_S = sum(SETTLED) / 2
LATENCY = latency_ms(0.5, *SETTLED)
EACH_SECOND = plots.each_second({"median": LATENCY}, title="Time until it is done")
WAY_S, WAY = 0.008, "the way through the machines themselves, of some milliseconds a call"


def entries(rate_rps: float) -> Paced:
    """Send so many entries to the log."""
    return Paced(rate_rps=rate_rps, to="log", timeout_ms=30_000)


FILES = Paced(rate_rps=FILES_RPS, to="screen", timeout_ms=30_000)


def link(rate_kbps: int) -> tuple[Distance]:
    """Put a link of some width between the screen and the files."""
    return (Distance(("screen",), ("files",), rate_kbps=rate_kbps),)


def full_batch_s(rate_rps: float) -> float:
    """Give how long an entry takes that waits for a full batch."""
    return scaling.batch_wait_mean_s(rate_rps=rate_rps, size=BATCH) + FIXED_S + BATCH * ITEM_S


def file_s(rate_kbps: int, *, packed: bool) -> float:
    """Give how long a file takes."""
    size_mb = FILE_KB / 1000 * (LEFT if packed else 1)
    sent_s = networks.transfer_s(size_mb=size_mb, rate_mb_s=rate_kbps / 1000)
    return sent_s + PACK_S * packed


ONE_RPS = scaling.batch_capacity_rps(size=1, fixed_s=FIXED_S, item_s=ITEM_S)


def left_out(figure_s: float, calls: int = 1) -> float:
    """Give the share of a time that its calls may take beside it: a tenth, or more."""
    return max(0.1, calls * WAY_S / figure_s)


BATCHES, TRANSFERS = "theory:batching", "theory:transfer-compressed"
PREDICTIONS = (
    predict(
        "one by one, the line grows",
        LATENCY,
        on="one-busy",
        equals=1000
        * overload.backlog(rate_rps=BUSY_RPS, capacity_rps=ONE_RPS, duration_s=MIDDLE_S)
        / ONE_RPS,
        model=0.1,
        leaves_out=WAY,
        source="theory:backpressure",
        because="52 more a second than 1 / 21 ms, for 6.75 s, all before this one",
    ),
    *(
        predict(
            name,
            LATENCY,
            on=on,
            equals=1000 * full_batch_s(rate_rps),
            model=left_out(full_batch_s(rate_rps)),
            leaves_out=WAY,
            also=also,
            source=BATCHES,
            because=because,
        )
        for name, on, rate_rps, also, because in (
            (
                "a batch that fills quickly",
                "full-busy",
                BUSY_RPS,
                {},
                "(11 - 1) / (2 x 100/s), and 31 ms to write eleven",
            ),
            (
                "a batch that fills slowly",
                "full-quiet",
                QUIET_RPS,
                {"packed-slow": "0.5 s, by chance as long"},
                "(11 - 1) / (2 x 10/s), and 31 ms to write eleven",
            ),
        )
    ),
    *(
        predict(
            name,
            LATENCY,
            on=on,
            equals=1000 * file_s(rate_kbps, packed=packed),
            model=left_out(file_s(rate_kbps, packed=packed)),
            leaves_out=WAY,
            also=also,
            source=TRANSFERS,
            because=because,
        )
        for name, on, rate_kbps, packed, also, because in (
            (
                "half a megabyte on a narrow link",
                "plain-slow",
                SLOW_KBPS,
                False,
                {},
                "500 kB / 250 kB/s",
            ),
            (
                "a fifth of it",
                "packed-slow",
                SLOW_KBPS,
                True,
                {"full-quiet": "0.53 s, by chance as long"},
                "0.1 s, and 100 kB / 250 kB/s",
            ),
            (
                "on a wide link it is there at once",
                "plain-fast",
                FAST_KBPS,
                False,
                dict.fromkeys(("free-busy", "free-quiet"), "some 30 ms, by chance nearly as long"),
                "500 kB / 10 MB/s",
            ),
            (
                "packing takes longer than the way",
                "packed-fast",
                FAST_KBPS,
                True,
                {},
                "0.1 s, and 100 kB / 10 MB/s",
            ),
        )
    ),
)
