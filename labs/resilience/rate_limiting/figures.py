"""What only the lesson shows: who is refused of the flooder's, and what the shared bucket costs."""

from harness import measures
from labs.resilience.rate_limiting.measures import refused_ratio
from labs.resilience.rate_limiting.predictions import END_S, FLOODER, OTHER

FIGURES = (
    measures.latency_ms(0.5, 0, END_S, path=OTHER),
    refused_ratio(FLOODER, 0, END_S),
)
