"""`pytest --labs`: each lab, and each of its variants, is a test.

Found by pytest wherever Chaoslab is installed, so it adds one option and imports nothing of ours
until that option is given. `--seeds` and `--engine` are added only then, for other plugins and
conftests may have options of these names; where they do, `--labs-seeds` and `--labs-engine` remain.
"""

import importlib
from collections.abc import Generator
from typing import Any

import pytest

INI = "chaoslab_labs"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--labs`, and the setting that names its folder."""
    parser.getgroup("chaoslab", "Chaoslab").addoption(
        "--labs",
        nargs="?",
        const="",
        metavar="DIR",
        help="Check labs: those of DIR, else of the folder in the setting chaoslab_labs, else of "
        "labs/, else Chaoslab's own. With it come --seeds N|A-B and --engine sim|compose.",
    )
    parser.addini(INI, "The folder of the labs that --labs checks.", default="")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser
) -> Generator[None, Any, Any]:
    """Add what comes with `--labs`, after the options of conftests."""
    found = yield
    if early_config.known_args_namespace.labs is not None:
        importlib.import_module("harness.pytest_labs").add_options(parser)
    return found


def pytest_configure(config: pytest.Config) -> None:
    """Let the labs be collected if they are asked for."""
    if config.option.labs is not None:
        importlib.import_module("harness.pytest_labs").configure(config, INI)
