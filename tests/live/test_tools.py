"""The console's tools: presets of labs that are there, with settings that can be turned."""

import pytest

from harness import catalogue
from harness.live.described import opened
from harness.live.sandbox import made_of
from harness.live.sandbox_form import start
from harness.live.session import Session
from harness.live.tools import TOOLS, Tool, tools
from harness.model.experiment import Experiment
from services.server import live_settings, load

SHOWN = {"upcoming", "messages", "history", "follow"}


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_tool_names_what_its_lab_has(tool: Tool) -> None:
    """Its variants, a host, live settings, a moment of the run, parts of the page."""
    lab = made_of(start()).lab if tool.makes else catalogue.find(tool.lab).lab
    assert {one.name for one in lab.variants} >= set(tool.variants)
    assert len(tool.variants) == 2
    assert not tool.pick or tool.pick in lab.hosts()
    assert tool.at_s + tool.then_s < lab.duration_s
    assert set(tool.shows) <= SHOWN
    for name in tool.turns:
        host, _, setting = name.partition(".")
        for each in lab.behind(host):
            placed = lab.placed(lab.variants[0])[each]
            assert setting in live_settings(load(placed.app)), name
    with Session(tool.lab, lab, Experiment(variant=tool.variants[0])) as run:
        assert opened(run)["script"], "its own faults are what a tool begins with"


def test_tools_have_names_of_their_own_and_are_told_where_their_labs_are() -> None:
    """A folder of somebody else's labs has none of them."""
    assert len({tool.name for tool in TOOLS}) == len(TOOLS)
    told = list(tools(catalogue.slugs()))
    assert [one["name"] for one in told] == [tool.name for tool in TOOLS]
    assert [one["makes"] for one in tools(["other"])] == [True]
