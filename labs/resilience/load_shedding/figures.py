"""What only the lesson shows: how many visitors are served, and how long they wait."""

from harness import measures
from labs.resilience.load_shedding.predictions import BROWSE, FULL, WAIT

FIGURES = (
    WAIT,
    measures.success_ratio(*FULL, path=BROWSE),
    measures.latency_ms(0.5, *FULL, path=BROWSE),
)
