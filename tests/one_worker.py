"""One worker for all tests of a lab, which it then runs once, and for tests that share a cluster.

This is what `--dist loadgroup` is for; but pytest-xdist 3.8 writes a group behind a test's name,
and pytest 9.2 no longer lets it.
"""

import re

from xdist.scheduler import LoadGroupScheduling

OF_A_LAB = re.compile(r"tests/test_labs\.py::\w+\[(?:\d+-)?(?P<lab>[a-z-]+?)(?:-\d+)?\]")
"""A test of a lab, perhaps with a number beside it."""
ON_A_CLUSTER = "tests/cluster/test_dask_cluster.py::"


class OneWorkerForALab(LoadGroupScheduling):  # type: ignore[misc] # xdist is not typed
    """Hands out tests as `--dist loadgroup` does, those of a lab or of the cluster together."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(ON_A_CLUSTER):
            return ON_A_CLUSTER
        found = OF_A_LAB.fullmatch(nodeid)
        return found["lab"] if found else nodeid
