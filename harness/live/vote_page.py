"""The page that a phone sees: a form without a script, which needs nothing from elsewhere."""

import base64
import hashlib
from html import escape

from harness.live.ballot import Question

STYLE = """
:root { color-scheme: light dark; font: 112.5%/1.4 system-ui, sans-serif; }
body { max-width: 34rem; margin: auto; padding: 1.2rem; }
h1 { font: 600 1.35rem/1.25 Charter, Cambria, Georgia, "Liberation Serif", serif; }
p.question { white-space: pre-line; }
button { display: block; width: 100%; min-height: 3.4rem; margin: .7rem 0; padding: .6rem 1rem;
  border: 2px solid GrayText; border-radius: .5rem; background: Canvas; color: CanvasText;
  font: inherit; text-align: left; }
button.own { border-color: CanvasText; border-width: 4px; font-weight: 700; }
button:focus-visible { outline: 4px solid Highlight; outline-offset: 2px; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; img-src data:; style-src 'sha256-{_DIGEST}'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    # Not no-referrer: under that a form is sent with the Origin null.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def vote_page(asked: Question, own: int | None) -> str:
    """Write the question with a button for each choice; `own` is what this phone has chosen."""
    buttons = "\n".join(_button(number, text, own) for number, text in enumerate(asked.choices))
    said = "" if own is None else "You can change it until the vote is closed."
    return _page(
        "Your answer is in." if own is not None else "What do you predict?",
        f'<p class="question">{escape(asked.question)}</p>\n'
        f'<form method="post">\n{buttons}\n</form>\n<p role="status">{said}</p>',
    )


def refusal_page(why: str) -> str:
    """Write a sentence that says why there is nothing here."""
    return _page("No vote here", f"<p>{escape(why)}</p>")


def _button(number: int, text: str, own: int | None) -> str:
    is_own = number == own
    mark = ' class="own" aria-pressed="true"' if is_own else ""
    sign = "\N{CHECK MARK} " if is_own else ""
    return f'<button name="choice" value="{number}"{mark}>{sign}{escape(text)}</button>'


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Chaoslab: {escape(title)}</title>\n"
        f'<link rel="icon" href="data:,">\n<style>{STYLE}</style>\n</head>\n'
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )
