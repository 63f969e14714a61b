"""What only the lesson shows: how long visitors wait for what is at the edge."""

from harness import measures
from labs.traffic.cdn_edge.predictions import BEFORE

FIGURES = (measures.latency_ms(0.5, *BEFORE),)
