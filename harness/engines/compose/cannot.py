"""What containers cannot do, refused by name before a run and never passed over."""

from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from harness.engines.protocol import Plan
from harness.errors import LabError
from harness.model.fault import Clock, Connects, Setting, moments

SLOWEST = 1000.0
"""The longest period of a CPU quota, a second, over the shortest quota, a millisecond."""


class Cannot:
    """The operations of a `System` that only the simulation has."""

    async def set_connects(self, link: str, connects: Connects) -> None:
        """Refuse."""
        _refuse(f"have only new connections on {link} {connects}: Toxiproxy treats live ones alike")

    async def connects(self, link: str) -> Connects:
        """Say that they are accepted."""
        del link
        return Connects.ACCEPTED


class Rehearsal(Cannot):
    """A `System` on which all faults are tried in their order before containers start."""

    def __init__(self, plan: Plan) -> None:
        self._lab = plan.lab
        self._links = [link.name for link in plan.lab.links()]
        self._stores = {store.name for store in plan.lab.stores}
        self._frozen: set[str] = set()

    async def links(self) -> list[str]:
        """Give every link's name."""
        return self._links

    async def behind(self, name: str) -> Collection[str]:
        """Give the hosts that answer to a name."""
        return self._lab.behind(name)

    async def pause(self, host: str) -> None:
        """Take note that nobody answers there."""
        self._frozen.add(host)

    async def resume(self, host: str) -> None:
        """Take note that somebody does."""
        self._frozen.discard(host)

    async def configure(self, host: str, changes: Mapping[str, Setting]) -> None:
        """Refuse what a frozen process would not take."""
        del changes
        self._refuse_frozen(host, "change the settings")

    async def set_disk_full(self, host: str, *, full: bool) -> None:
        """Refuse what a frozen process would not do."""
        self._refuse_frozen(host, "fill the disk" if full else "make room on the disk")

    async def configured(self, host: str) -> Mapping[str, Setting]:
        """Say that nothing is changed."""
        del host
        return {}

    async def set_cpu(self, host: str, factor: float) -> None:
        """Refuse what the kernel cannot divide so finely."""
        if factor > SLOWEST:
            _refuse(f"slow the CPU of {host} by more than {SLOWEST:g}")

    async def set_clock(self, host: str, clock: Clock) -> None:
        """Refuse it for what is no service of ours: it asks the kernel for the time."""
        del clock
        self._refuse_frozen(host, "set the clock")
        if host in self._stores:
            _refuse(f"set the clock of {host} wrong, which runs Redis")

    def _refuse_frozen(self, host: str, what: str) -> None:
        if host in self._frozen:
            _refuse(f"{what} of {host} while it is frozen, for its process must do that")

    def __getattr__(self, name: str) -> object:
        """Give an operation that containers can do, done here by doing nothing."""

        async def nothing(*_: object, **__: object) -> None:
            """Let it pass."""

        return nothing


async def rehearse(plan: Plan) -> None:
    """Try a plan's faults on nothing, in the order in which they begin and end.

    Raises:
        LabError: one of them needs what containers cannot do, or the lab is not for containers.

    """
    if plan.lab.simulated_only:
        raise LabError(
            f"{plan.slug} is for the simulator alone: {plan.lab.simulated_only}; "
            "run it with --engine sim"
        )
    system: Any = Rehearsal(plan)
    for _, timed, begins in moments((*plan.lab.faults, *plan.lab.steps)):
        await (timed.fault.apply if begins else timed.fault.remove)(system)


def _refuse(what: str) -> NoReturn:
    raise LabError(f"containers cannot {what}; run this lab with --engine sim")
