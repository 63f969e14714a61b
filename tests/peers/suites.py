"""Which tests of which libraries are run, and what they need to be run here.

Tests of TLS are left out by not installing trustme, with which they make certificates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Tests of one library, as they come with its source distribution.

    `files` are patterns below the distribution's folder. Of these, a file is run if it has a test
    that is a coroutine, and is not one of `left_out`, which gives the reason. `package` is what is
    not unpacked: the tests are to meet the library that is installed. `own_connector` are files
    about aiohttp's own connector, which the services' does not stand for.
    """

    library: str
    package: str
    files: Sequence[str]
    left_out: Mapping[str, str]
    options: Sequence[str]
    own_connector: frozenset[str] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict)
    needs_redis: bool = False

    @property
    def pinned(self) -> str:
        """The library and its installed version, as a package index names them."""
        return f"{self.library}=={version(self.library)}"

    @property
    def folder(self) -> str:
        """The name of the folder that the distribution holds."""
        return f"{self.library}-{version(self.library)}"


REAL = "real"
SIMULATED = "simulated"
"""The loops that tests are run on."""

# Their own limits are meant for a machine that does nothing else.
COMMON = (
    *("-q", "-o", "addopts=", "--tb=native", "--timeout=300"),
    *("-p", "no:cacheprovider", "-p", "no:hypothesispytest"),
)

AIOHTTP = Suite(
    library="aiohttp",
    package="aiohttp",
    files=("tests/test_*.py",),
    left_out={
        "test_benchmarks_cookiejar.py": "measures speed",
        "test_proxy_functional.py": "starts proxy.py, which has threads and TLS",
        "test_pytest_plugin.py": "starts pytest inside pytest",
        "test_run_app.py": "signals, and loops that it makes by hand",
        "test_worker.py": "needs gunicorn",
    },
    options=(*COMMON, "-p", "no:asyncio", "-m", "not dev_mode and not autobahn and not internal"),
    own_connector=frozenset(
        {"test_client_session.py", "test_connector.py", "test_resolver.py", "test_tracing.py"}
    ),
    # A simulated host has no files that a kernel could send.
    environment={"AIOHTTP_NOSENDFILE": "1"},
)

REDIS = Suite(
    library="redis",
    package="redis",
    files=("tests/test_asyncio/test_*.py",),
    left_out={
        "test_bloom.py": "needs Redis Stack",
        "test_cluster.py": "needs Redis Cluster",
        "test_cluster_transaction.py": "needs Redis Cluster",
        "test_command_policies.py": "needs Redis Cluster",
        "test_credentials.py": "imports redis-entraid, and with it the clients of a cloud",
        "test_himport_integration.py": "needs a newer Redis",
        "test_json.py": "needs Redis Stack",
        "test_search.py": "needs Redis Stack",
        "test_sentinel.py": "needs Redis Sentinel",
        "test_ssl.py": "needs TLS",
        "test_timeseries.py": "needs Redis Stack",
        "test_vsets.py": "needs a newer Redis",
    },
    options=(*COMMON, "-m", "not onlycluster and not redismod and not ssl and not replica"),
    needs_redis=True,
)

SUITES = (AIOHTTP, REDIS)
