"""What a lab cannot say is refused by its name, with what to do instead."""

import importlib
from pathlib import Path

import pytest

from harness import model
from harness.errors import LabError

NAMES = [
    ("PacketLoss", "packet loss", "Latency(link"),
    ("Loss", "packet loss", "Unanswered"),
    ("DropPackets", "packet loss", "Timeout"),
    ("Reorder", "reordering", "jitter_ms"),
    ("Reordering", "reordering", "--permute"),
    ("Duplicate", "duplication", "retry"),
    ("Corrupt", "corruption", "wrong content"),
    ("DnsFailure", "DNS", "Down(link)"),
    ("DNS_TTL", "DNS", "Configure"),
    ("StaleAddress", "DNS", "Configure"),
    ("TlsExpired", "TLS", "RefuseNew(link)"),
    ("ExpiredCertificate", "TLS", "RefuseNew(link)"),
    ("Udp", "UDP", "as a request"),
    ("RedisReplica", "replication", "services of the lab"),
    ("Sentinel", "replication", "split-brain"),
]


@pytest.mark.parametrize(("name", "what", "instead"), NAMES)
def test_what_cannot_be_said_is_refused_by_name(name: str, what: str, instead: str) -> None:
    """Whether it is imported or asked for."""
    with pytest.raises(LabError) as caught:
        getattr(model, name)
    assert str(caught.value).startswith(f"{name} is not there: a lab cannot say {what}")
    assert instead in str(caught.value)
    with pytest.raises(LabError, match=what):
        exec(f"from harness.model import {name}", {})  # noqa: S102 - as a lab does


@pytest.mark.parametrize("name", ["Latencey", "Foo", "__path_to_nothing__", "Dropdown"])
def test_any_other_name_is_plainly_missing(name: str) -> None:
    """As of every module."""
    assert not hasattr(model, name)
    with pytest.raises(ImportError):
        exec(f"from harness.model import {name}", {})  # noqa: S102 - as a lab does


def test_nothing_that_can_be_said_is_refused() -> None:
    """Every word of the model is there, and so is every module of it."""
    assert all(getattr(model, name) for name in model.__all__)
    for path in Path(model.__file__ or "").parent.glob("[a-z]*.py"):
        assert importlib.import_module(f"harness.model.{path.stem}")
