"""What only the lesson shows: how long one in a hundred takes."""

from harness import measures
from labs.traffic.queueing_models.predictions import SETTLED

FIGURES = (measures.latency_ms(0.99, *SETTLED),)
