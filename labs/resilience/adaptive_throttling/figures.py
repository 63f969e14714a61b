"""What only the lesson shows: how long after the crowd customers are still refused."""

from harness import measures

FIGURES = (measures.recovery_s(),)
