"""What only the lesson shows: how long buyers and visitors wait."""

from harness import measures
from labs.resilience.load_shedding.predictions import BROWSE, FULL, WAIT

FIGURES = (WAIT, measures.latency_ms(0.5, *FULL, path=BROWSE))
