"""The index's pictures of the player: what each shows, and the run that it was taken of.

`python -m benchmarks.site_pictures` takes them. They are kept, for a site is made without a
browser.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from harness import catalogue
from harness.model.script import script_of, script_to_json

KEPT = Path(__file__).parent / "static" / "pictures"
SCHEMES = ("light", "dark")
WIDE, TALL = 1080, 636
"""Their size, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A moment of a run under the lab's own faults; `view` is a part of the page, all if empty."""

    name: str
    lab: str
    variants: tuple[str, str]
    at_s: float
    said: str
    seen: str
    view: str = ""

    @property
    def address(self) -> str:
        """The run as the page's address holds it, with the lab's faults done by hand."""
        lab = catalogue.find(self.lab).lab
        runs = json.dumps([{"script": script_to_json(script_of(lab.faults))}])
        words = {"lab": self.lab, "seed": 1, "with": ",".join(self.variants), "t": self.at_s}
        return f"#{urlencode({**words, 'lasts': lab.duration_s, 'runs': runs})}"

    def file(self, scheme: str) -> str:
        """Name its file in light or dark."""
        return f"{self.name}-{scheme}.png"


PICTURES = (
    Picture(
        name="storm",
        lab="retry-storm",
        variants=("naive", "budget"),
        at_s=24,
        said="Two designs under one outage: the one stays down, the other is back.",
        seen="The player: naive answers nobody, calls pile up at payments; budget is healthy.",
    ),
    Picture(
        name="request",
        lab="retry-storm",
        variants=("naive", "budget"),
        at_s=24,
        said="The same request in both, hop by hop: what was asked, by whom, and who had given up.",
        seen="A request as bars on a time line: four tries in naive, all given up; one in budget.",
        view="follow",
    ),
)
