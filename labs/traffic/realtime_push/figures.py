"""What only the lesson shows: connections that the hub keeps, while idle and to sleepers."""

from labs.traffic.realtime_push.predictions import HELD_S, OPEN

FIGURES = (OPEN, HELD_S)
