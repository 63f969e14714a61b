"""What only the lesson shows: how many calls of each request go where, while all is well."""

from harness import measures
from labs.cascades.hidden_dependency.predictions import ACCOUNTS, BEFORE, STORES

FIGURES = tuple(measures.attempts_per_request(host, *BEFORE) for host in (*STORES, ACCOUNTS))
