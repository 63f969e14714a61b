"""What only the lesson shows: how many calls the cold start costs."""

from harness import measures

FIGURES = (measures.calls_per_burst("origin", 0, 1),)
