"""What only the lesson shows: how many payments are refused while they are slow."""

from harness import measures
from labs.resilience.bulkhead.predictions import SETTLED

FIGURES = (measures.failed_ratio(*SETTLED, path="/payments"),)
