"""What only the lesson shows: what customers get, of whom one in four asks for a slow account."""

from harness import measures
from labs.resilience.timeout_budget.predictions import SETTLED

FIGURES = (measures.success_ratio(*SETTLED),)
