"""What the Compose files of this engine have in common: who owns it, and how hard it is."""

import re
from dataclasses import dataclass
from typing import Any

import yaml

UID = 10001
USER = f"{UID}:{UID}"
CLOSED = {
    "internal": True,
    "driver_opts": {"com.docker.network.bridge.inhibit_ipv4": "true"},
}
"""A network of containers alone: nothing leads out of it, and the machine has no address on it."""
NO_WAY_OUT = {"driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "false"}}
"""A network whose ports can be published on this machine, and that leads nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who runs a stack, and until when it may exist: by this a janitor knows what is left over."""

    run: str
    host: str
    boot: str
    pids: str
    """The namespace in which ``pid`` is a process' number; both empty where there is no Linux."""
    pid: int
    pid_start: str
    started_s: float
    expires_s: float

    def labels(self) -> dict[str, str]:
        """Give the labels that every container, network and volume of the run carries."""
        return {
            "chaoslab.run": self.run,
            "chaoslab.owner-host": self.host,
            "chaoslab.owner-boot": self.boot,
            "chaoslab.owner-pids": self.pids,
            "chaoslab.owner-pid": str(self.pid),
            "chaoslab.owner-start": self.pid_start,
            "chaoslab.started": f"{self.started_s:.0f}",
            "chaoslab.expires": f"{self.expires_s:.0f}",
        }


def project_part(slug: str) -> str:
    """Make a slug fit for a Compose project's name."""
    return re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-")


def hardening(*, memory: str, cpu_shares: int) -> dict[str, Any]:
    """Give what every container is held to."""
    return {
        "user": USER,
        "read_only": True,
        "tmpfs": ["/tmp:size=128m,mode=1777"],  # noqa: S108 - the only place that can be written
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": memory,
        "memswap_limit": memory,
        "cpu_shares": cpu_shares,
        "pids_limit": 256,
        "ulimits": {"nofile": 16384},
        "logging": {"driver": "json-file", "options": {"max-size": "64m", "max-file": "1"}},
        "restart": "no",
        "stop_grace_period": "1s",
    }


def with_config(variable: str, file: str, command: str, beside: str = "") -> list[str]:
    """Give an entrypoint that writes a variable to a file under /tmp before the command starts."""
    # From the environment, because a file would have to be mounted from some host's path.
    return ["sh", "-c", f'printf %s "$${variable}" >/tmp/{file} && {beside}exec {command}']


def escaped(**environment: str) -> dict[str, str]:
    """Give an environment whose dollar signs Compose leaves alone."""
    return {name: value.replace("$", "$$") for name, value in environment.items()}


def as_yaml(document: dict[str, Any]) -> str:
    """Write a document, in the order in which it is given."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and repeats values where YAML would refer back."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the name that PyYAML calls
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)
