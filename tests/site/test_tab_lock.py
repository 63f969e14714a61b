"""The one package of which a tab has another version than the rest: it must fit the others."""

import re
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement

from harness.site.bundle import RUNTIME

LOCK = (RUNTIME / "multidict.lock").read_text()


@pytest.mark.parametrize("dependent", ["aiohttp", "yarl"])
def test_the_tabs_multidict_is_one_that_its_dependents_take(dependent: str) -> None:
    """Wheels of a tab are fetched without a look at what they require."""
    pinned = re.search(r"^multidict==(\S+)", LOCK, re.MULTILINE)
    assert pinned
    asked = [Requirement(line) for line in requires(dependent) or ()]
    (multidict,) = [one for one in asked if one.name == "multidict"]
    assert multidict.specifier.contains(pinned[1])
