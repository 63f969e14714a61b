"""An observer that only remembers when each step began."""

import time


class Quiet:
    """Keeps the real time of each step, in seconds."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float]] = []

    def second(self, number: int, good: int) -> None:
        """Pass over a second."""

    def step(self, what: str) -> None:
        """Take the time."""
        self.steps.append((what, time.monotonic()))
