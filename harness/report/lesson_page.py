"""A lab's lesson as a page beside the report, and its *Why* for the report itself."""

import base64
import re
from itertools import count
from pathlib import Path

from markdown_it.token import Token
from markupsafe import Markup

from harness.catalogue import LABS
from harness.lessons.prose import MARKDOWN, plain

FILE = "lesson.html"
WHY = "Why"


def lesson_of(slug: str) -> Path | None:
    """Find a lab's lesson; None for a lab that has none."""
    found = LABS.glob(f"*/{slug.replace('-', '_')}/README.md")
    return next(iter(sorted(found)), None)


def body(lesson: Path) -> Markup:
    """Give a lesson as HTML: headings with ids, the picture inside, no comment."""
    tokens = MARKDOWN.parse(plain(lesson.read_text(encoding="utf-8")))
    for token, inside in zip(tokens, [*tokens[1:], Token("", "", 0)], strict=True):
        if token.type == "heading_open":
            token.attrSet("id", anchor(inside.content))
        for child in token.children or ():
            if child.type == "image":
                child.attrSet("src", _inlined(lesson.parent / str(child.attrGet("src"))))
    return _framed(tokens)


def headings(lesson: Path) -> list[tuple[str, str]]:
    """Give the second-level headings of a lesson, each with its id."""
    lines = plain(lesson.read_text(encoding="utf-8")).splitlines()
    found = [line.removeprefix("## ").strip() for line in lines if line.startswith("## ")]
    return [(heading, anchor(heading)) for heading in found]


def why(lesson: Path) -> Markup:
    """Give what stands under *Why*: the mechanism, with the arithmetic."""
    _, _, part = plain(lesson.read_text(encoding="utf-8")).partition(f"\n## {WHY}\n")
    return _framed(MARKDOWN.parse(part.partition("\n## ")[0]))


def anchor(heading: str) -> str:
    """Give the id of a heading: its words in lower case, with hyphens between."""
    return "-".join(re.findall(r"[a-z0-9]+", heading.lower()))


def _framed(tokens: list[Token]) -> Markup:
    """Render, and let what may be too wide be scrolled, with the keyboard too."""
    html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    # Every region needs a name of its own.
    places = count(1)
    html = re.sub("<(pre|table)>", lambda found: _region(found[1], next(places)), html)
    html = html.replace("</table>", "</table></div>")
    html = html.replace("<th></th>", "<td></td>").replace("<th>", '<th scope="col">')
    return Markup(html)  # noqa: S704 - markdown-it escapes HTML in lessons


def _region(tag: str, place: int) -> str:
    if tag == "pre":
        return f'<pre tabindex="0" role="region" aria-label="Text {place}">'
    label = f'role="region" aria-label="Table {place}"'
    return f'<div class="scroll" tabindex="0" {label}><table>'


def _inlined(picture: Path) -> str:
    data = base64.b64encode(picture.read_bytes()).decode() if picture.is_file() else ""
    return f"data:image/png;base64,{data}"
