"""What only the lesson shows: what comes of the payments, which need the bank."""

from labs.traffic.concurrency_models.predictions import PAID

FIGURES = (PAID,)
