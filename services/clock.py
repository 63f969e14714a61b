"""A wall clock that can be set wrong, as a host's in both engines."""

from collections.abc import Callable


class WallClock:
    """Goes wrong by a jump and a drift; `right` gives the time that a right one shows."""

    def __init__(self, right: Callable[[], float]) -> None:
        self.skew_s = 0.0
        self.drift_ppm = 0.0
        self.since_s = 0.0
        self._right = right

    def set(self, skew_s: float, drift_ppm: float) -> None:
        """Put it ahead by so much, and let it gain so many µs a second from now on."""
        self.skew_s = skew_s
        self.drift_ppm = drift_ppm
        self.since_s = self._right()

    def kept(self) -> dict[str, float]:
        """Give what another process needs to go on with it."""
        return {"skew_s": self.skew_s, "drift_ppm": self.drift_ppm, "since_s": self.since_s}

    def go_on(self, *, skew_s: float, drift_ppm: float, since_s: float) -> None:
        """Take over what another process has kept."""
        self.skew_s, self.drift_ppm, self.since_s = skew_s, drift_ppm, since_s

    def read(self) -> float:
        """Read it, in seconds since 1970."""
        right_s = self._right()
        drift_s = (right_s - self.since_s) * self.drift_ppm / 1e6 if self.drift_ppm else 0.0
        return right_s + drift_s + self.skew_s
