"""What tells this machine, and a process on it, from all others."""

import subprocess
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE = Path("/proc/self/ns/pid")
LIMIT_S = 5
ENDED = ("Z", "X", "x")
"""States of a process that only waits to be forgotten."""


def boot_id() -> str:
    """Give what the kernel drew when it started, the same in its containers; "" without Linux."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


def pid_namespace() -> str:
    """Give what names the processes among which this one's number counts; "" without Linux."""
    try:
        return str(PID_NAMESPACE.readlink())
    except OSError:
        return ""


def pid_start(pid: int) -> str:
    """Tell when a process began, in a form that only it has; "" when there is none.

    One that has ended is none, even if its parent has not asked how.
    """
    if not Path("/proc/self/stat").exists():
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        found = subprocess.run(  # noqa: S603 - the system's own
            command, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
        return found.stdout.strip().replace(" ", "-")
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # Counted after the command's name, which may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in ENDED else fields[19]
