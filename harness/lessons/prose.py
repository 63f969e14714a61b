"""A lesson's text for people: Markdown without its comments."""

import re

from markdown_it import MarkdownIt

COMMENT = re.compile(r" ?<!--.*?-->", re.DOTALL)
MARKER = re.compile(r"<!--[=/].*?-->", re.DOTALL)
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def plain(text: str) -> str:
    """Take out comments: markers of figures, and the keys of incidents."""
    return COMMENT.sub("", MARKER.sub("", text))
