"""`./lab ci`: files that a CI service can read, with commands that this tool has."""

import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from harness import shards
from harness.cli import cmd_ci, options
from harness.cli.__main__ import COMMANDS
from tests.cli.workshop import SMALL, Workshop

PINNED = re.compile(r"[\w-]+/[\w-]+@v\d+")
VALUES = {
    "$LABS": "chaos",
    "$SEEDS": "1-3",
    "${{ matrix.shard }}": "2",
    "$CI_NODE_INDEX": "2",
    "$CI_NODE_TOTAL": "4",
}
every_service = pytest.mark.parametrize("service", cmd_ci.SERVICES)


def document(service: str) -> dict[str, Any]:
    # To YAML 1.1 the word `on` is a truth value; this loader makes words and no objects.
    return dict(yaml.load((cmd_ci.FILES / f"{service}.yml").read_text(), yaml.BaseLoader))  # noqa: S506


def scripts(node: object) -> Iterator[str]:
    """Give every line that a machine runs, wherever it stands."""
    match node:
        case {"run": str(line)}:
            yield line
        case {"script": [*lines]}:
            yield from map(str, lines)
        case dict():
            for value in node.values():
                yield from scripts(value)
        case list():
            for value in node:
                yield from scripts(value)


def ours(service: str) -> list[list[str]]:
    """Give the words of our commands, with what stands in for the service's variables."""
    found = []
    for line in scripts(document(service)):
        for name, value in VALUES.items():
            line = line.replace(name, value)  # noqa: PLW2901
        words = shlex.split(line)
        if words[0] == "chaoslab":
            found.append(words[1:])
    return found


@every_service
def test_each_command_is_one_of_this_tool(service: str) -> None:
    """Its options are read as they stand; none is unknown."""
    commands = ours(service)
    assert commands
    for name, *words in commands:
        assert name in COMMANDS
        module = importlib.import_module(f"harness.cli.cmd_{name}")
        plain = [word for word in words if word not in {"--labs", "chaos"}]
        context = module.command.make_context(name, plain, resilient_parsing=False)
        assert isinstance(context, click.Context)
        assert context.params["seeds"] == options.seeds_of("1-3")
        assert shards.read(context.params["shard"]) == shards.Shard(number=2, count=4)
        assert {context.params[f"{one}_path"].name for one in ("junit", "markdown", "results")} == {
            "junit.xml",
            "check.md",
            "results.jsonl",
        }


@every_service
def test_the_commands_run(service: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here, on small labs, without the folder of somebody else: every file that is kept is made."""
    for slug in ("one", "two", "three", "four"):
        shop.write(SMALL, slug=slug)
    monkeypatch.chdir(shop.root)
    for words in ours(service):
        plain = [word for word in words if word not in {"--labs", "chaos"}]
        outcome = shop.run(*plain, "--jobs", "1")
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out.endswith("3 passed, 0 failed\n")
    for name in ("junit.xml", "check.md", "results.jsonl"):
        assert (shop.root / name).stat().st_size


def test_github_has_a_machine_for_each_shard() -> None:
    """The matrix counts to what stands behind the stroke, and results go into the summary."""
    job = document("github")["jobs"]["check"]
    assert job["strategy"]["fail-fast"] == "false"
    text = (cmd_ci.FILES / "github.yml").read_text()
    (count,) = set(re.findall(r"matrix\.shard \}\}/(\d+)", text))
    assert job["strategy"]["matrix"]["shard"] == [
        str(number) for number in range(1, int(count) + 1)
    ]
    assert any("GITHUB_STEP_SUMMARY" in line and "check.md" in line for line in scripts(job))


def test_github_names_the_version_of_every_action() -> None:
    """A workflow does not change by itself."""
    used = [step["uses"] for step in document("github")["jobs"]["check"]["steps"] if "uses" in step]
    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []


def test_what_is_kept_is_what_is_written() -> None:
    """Both services keep the three files, also of a check that failed; GitLab reads the JUnit."""
    wanted = {"junit.xml", "check.md", "results.jsonl"}
    (upload,) = [
        step
        for step in document("github")["jobs"]["check"]["steps"]
        if step.get("uses", "").startswith("actions/upload-artifact@")
    ]
    assert set(upload["with"]["path"].split()) == wanted
    assert upload["if"] == "${{ !cancelled() }}"
    kept = document("gitlab")["chaoslab"]["artifacts"]
    assert (set(kept["paths"]), kept["when"]) == (wanted, "always")
    assert kept["reports"] == {"junit": "junit.xml"}


@every_service
def test_the_file_is_printed_as_it_is(shop: Workshop, service: str) -> None:
    """To be redirected into its place."""
    outcome = shop.run("ci", service)
    assert (outcome.code, outcome.out) == (0, Path(cmd_ci.FILES / f"{service}.yml").read_text())


def test_another_service_is_refused(shop: Workshop) -> None:
    """Those that there are, are named."""
    outcome = shop.run("ci", "jenkins")
    assert outcome.code == 2
    assert "'github', 'gitlab'" in outcome.complaint
