"""The container engine: a lab's services in Docker, behind a real Toxiproxy, under Locust."""

import asyncio
from pathlib import Path

from harness.engines.compose import interrupts, janitor
from harness.engines.compose.build import refresh_sources
from harness.engines.compose.cannot import rehearse
from harness.engines.compose.client import engine
from harness.engines.compose.measured_run import ENGINE, Run
from harness.engines.compose.render import PROMETHEUS, TSDB, compose_yaml, image_names
from harness.engines.compose.stack import Stack, owner_of
from harness.engines.protocol import Conductor, Observer, Plan
from harness.engines.real_time import Listener
from harness.errors import ChaoslabError
from harness.recording import Recording


class ComposeEngine:
    """Runs a plan on containers of this machine's Docker engine, in real time."""

    name = ENGINE
    real_time = True

    def __init__(
        self,
        folder: Path,
        *,
        keep_prometheus: bool = False,
        listener: Listener | None = None,
        stop: interrupts.Stop | None = None,
    ) -> None:
        self._folder = folder
        self._keep = keep_prometheus
        self._listener = listener
        self._stop = stop

    def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
        """Make the plan happen and record it; logs and the Compose file stay in the folder.

        Raises:
            ChaoslabError: the run could not take place or cannot be trusted; nothing is left.

        """
        asyncio.run(rehearse(plan))
        with engine() as client:
            observer.step("making the images ready")
            images = refresh_sources(observer.step, client, image_names(plan))
            janitor.make_room(client)
            owner = owner_of(plan.slug, plan.lab.duration_s + plan.lab.load.longest_timeout_s())
            steered = self._listener is not None
            file = compose_yaml(plan, owner, images, steered=steered)
            logs_folder = self._folder / "logs" / plan.variant.name
            stack = Stack(client, owner, file, logs_folder)
            with interrupts.uninterrupted(), stack:
                try:
                    stays = PROMETHEUS if self._keep else ""
                    run = Run(plan, stack, observer, stays=stays, listener=self._listener)
                    recording = interrupts.run(run.record(conduct), self._stop)
                    if self._keep:
                        observer.step("copying Prometheus' data")
                        into = self._folder / PROMETHEUS / stack.logs.name
                        stack.stop_and_copy(PROMETHEUS, TSDB, into)
                except BaseExceptionGroup as group:
                    raise _first(group) from group
                return recording


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give the error of a group that a person should see: one of ours, if there is one."""
    found = [
        _first(error) if isinstance(error, BaseExceptionGroup) else error
        for error in group.exceptions
    ]
    return min(found, key=lambda error: not isinstance(error, ChaoslabError))
