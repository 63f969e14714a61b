"""How often somebody may come: so many times a second, and some more at once."""

from collections.abc import Callable


class Bucket:
    """Lets through `rate` a second, and `burst` at once; `now` is in seconds."""

    def __init__(self, now: Callable[[], float], rate: float, burst: float) -> None:
        self._now, self._rate, self._burst = now, rate, burst
        self._tokens, self._at_s = burst, now()

    def takes(self) -> bool:
        """Say whether another one may come now."""
        now_s = self._now()
        self._tokens = min(self._burst, self._tokens + self._rate * (now_s - self._at_s))
        self._at_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
