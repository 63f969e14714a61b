"""What only the lesson shows: calls that came back too soon to find the account free."""

from labs.resilience.backoff_jitter.predictions import HASTY

FIGURES = (HASTY,)
