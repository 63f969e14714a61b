"""The whole simulated engine on a chain of services, in a process of its own: one line of JSON.

With spans, metrics, toxics' links and the request log. Run as `python -m benchmarks.stack HOPS
REQUESTS`.
"""

import itertools
import json
import resource
import sys
import time

from benchmarks.quiet import Quiet
from harness.conductor import conductor
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.model import Broken, Lab, Poisson, Service

RATE_RPS = 100.0


def chain(hops: int, duration_s: float) -> Lab:
    """Give a lab of relays, one behind the other, with a worker at the end that copes."""
    names = [f"hop-{number}" for number in range(1, hops + 1)]
    relays = [
        Service(name, app="services.relay", calls=(callee,))
        for name, callee in itertools.pairwise(names)
    ]
    worker = Service(names[-1], app="services.worker", settings={"workers": 4, "service_ms": 20})
    return Lab(
        title="A chain",
        question="What does a hop cost?",
        services=(*relays, worker),
        load=Poisson(rate_rps=RATE_RPS, to=names[0], timeout_ms=4000),
        duration_s=duration_s,
        variants=(Broken("plain", {}),),
        faults=(),
        expect=(),
        predict=(),
    )


def measure(hops: int, requests: int, seed: int = 1) -> dict[str, float]:
    """Run the chain once; CPU in microseconds for each request and hop, memory in MiB."""
    lab = chain(hops, requests / RATE_RPS)
    plan = Plan(slug="benchmarks/chain", lab=lab, variant=lab.variants[0], seed=seed)
    start_s = time.process_time()
    recording = SimEngine().run(plan, conductor((), lab.duration_s), Quiet())
    cpu_s = time.process_time() - start_s
    assert all(request.good for request in recording.requests)  # noqa: S101 - else it is void
    return {
        "cpu_us": cpu_s / len(recording.requests) / hops * 1e6,
        "requests": len(recording.requests),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))) + "\n")
