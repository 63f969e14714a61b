"""What only the lesson shows: questions to the resolver."""

from labs.traffic.geo_routing.predictions import LOOKUPS_RPS

FIGURES = (LOOKUPS_RPS,)
