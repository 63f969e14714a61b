"""What containers cannot do, refused by name before a run and never passed over."""

from collections.abc import Collection, Mapping
from typing import NoReturn

from harness.engines.protocol import Plan
from harness.errors import LabError
from harness.model.fault import Clock, Connects, Setting


class Cannot:
    """The operations of a `System` that only the simulation has."""

    async def stop(self, host: str, grace_s: float) -> None:
        """Refuse."""
        del grace_s
        _refuse(f"stop {host} in order")

    async def set_cpu(self, host: str, factor: float) -> None:
        """Refuse."""
        del factor
        _refuse(f"slow the CPU of {host} down")

    async def cpu(self, host: str) -> float:
        """Give full speed: nothing here slows it down."""
        del host
        return 1.0

    async def set_disk_full(self, host: str, *, full: bool) -> None:
        """Refuse."""
        del full
        _refuse(f"fill the disk of {host}")

    async def disk_full(self, host: str) -> bool:
        """Say no: nothing here fills it."""
        del host
        return False

    async def set_connects(self, link: str, connects: Connects) -> None:
        """Refuse: Toxiproxy treats new connections and live ones alike."""
        _refuse(f"leave new connections on {link} {connects}")

    async def connects(self, link: str) -> Connects:
        """Say that they are accepted."""
        del link
        return Connects.ACCEPTED


class Rehearsal(Cannot):
    """A `System` on which every fault is tried before containers start; nothing happens."""

    def __init__(self, plan: Plan) -> None:
        self._lab = plan.lab
        self._links = [link.name for link in plan.lab.links()]
        self._stores = {store.name for store in plan.lab.stores}

    async def links(self) -> list[str]:
        """Give every link's name."""
        return self._links

    async def behind(self, name: str) -> Collection[str]:
        """Give the hosts that answer to a name."""
        return self._lab.behind(name)

    async def configured(self, host: str) -> Mapping[str, Setting]:
        """Say that nothing is changed."""
        del host
        return {}

    async def set_clock(self, host: str, clock: Clock) -> None:
        """Refuse it for what is no service of ours: it asks the kernel for the time."""
        del clock
        if host in self._stores:
            _refuse(f"set the clock of {host} wrong, which runs Redis")

    def __getattr__(self, name: str) -> object:
        """Give an operation that containers can do, done here by doing nothing."""

        async def nothing(*_: object, **__: object) -> None:
            """Let it pass."""

        return nothing


async def rehearse(plan: Plan) -> None:
    """Try a plan's faults on nothing.

    Raises:
        LabError: one of them needs what containers cannot do.

    """
    for timed in plan.lab.faults:
        await timed.fault.apply(Rehearsal(plan))  # type: ignore[arg-type] # by __getattr__


def _refuse(what: str) -> NoReturn:
    raise LabError(f"containers cannot {what}; run this lab with --engine sim")
