"""A load that this machine has no memory to simulate is refused before it runs."""

import os
from pathlib import Path

from harness.errors import LabError
from harness.model.lab import Lab
from harness.model.numbers import short

WAITING_BYTES = 128 * 1024
"""What one request that waits for its answer takes, with the calls that are made for it.

Measured on retry-storm's `naive`, with four calls for each: 134 kB at 300 requests a second, 124 kB
at 1,000.
"""
ENDED_BYTES = 1024
"""What one request takes that has ended: most of it goes to a file, but a measure holds its window.

Measured on config-push's `validated`, where hardly any waits: 0.9 kB at 1,500 requests a second.
"""
USABLE = 0.8
"""The share of the free memory that a command may plan with."""
GIB = 1024**3
MEMINFO = Path("/proc/meminfo")
CGROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)
"""Where a container's limit and use stand, in both kinds of control groups."""


def refuse_too_much(lab: Lab, at_once: int) -> None:
    """Refuse a load whose requests do not fit into memory, simulated so often in parallel.

    All requests may wait until their time limit: that is what labs are about.

    Raises:
        LabError: it does not fit; the message has the figures and says what to do.

    """
    free = free_bytes()
    if free is None:
        return
    waits_s = min(lab.load.timeout_ms / 1000, lab.duration_s)
    rate_rps = lab.load.peak_rps(lab.duration_s)
    per_rps = waits_s * WAITING_BYTES + lab.duration_s * ENDED_BYTES
    needed = rate_rps * per_rps * at_once
    if needed <= USABLE * free:
        return
    fits_rps = rate_rps * USABLE * free / needed
    parallel = f", {at_once} runs in parallel" if at_once > 1 else ""
    raise LabError(
        f"the load is too much for this machine: at {short(rate_rps)} requests a second and a "
        f"time limit of {short(waits_s)} s, {short(rate_rps * waits_s)} may wait at one time, of "
        f"{short(rate_rps * lab.duration_s)} in all. That takes about {short(needed / GIB)} GiB of "
        f"memory{parallel}, and {short(free / GIB)} GiB are free. Set load.rate_rps to "
        f"{short(float(f'{fits_rps:.1g}'))} or less, or lower load.timeout_ms."
    )


def free_bytes() -> int | None:
    """Give how much memory may still be taken, by the machine or by a container's limit.

    None where the system does not say.
    """
    known = [left for left in (_of_machine(), *map(_of_group, CGROUPS)) if left is not None]
    return min(known, default=None)


def _of_machine() -> int | None:
    try:
        for line in MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return _physical()
    return _physical()


def _physical() -> int | None:
    """Give all memory that there is, where nothing says how much is free, as on macOS."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _of_group(files: tuple[Path, Path]) -> int | None:
    try:
        limit, used = (int(file.read_text()) for file in files)
    except (OSError, ValueError):  # no such group, or no limit: `max`
        return None
    return max(0, limit - used)
