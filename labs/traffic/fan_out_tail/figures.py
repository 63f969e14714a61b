"""What only the lesson shows: how long one page in a hundred takes."""

from labs.traffic.fan_out_tail.predictions import P99

FIGURES = (P99,)
