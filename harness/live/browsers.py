"""Which browser the console's own tests drive."""

import importlib.util
import os
import shutil

CHOSEN = "CHAOSLAB_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Find a Chromium: the one that the environment names, or one on the path."""
    named = os.environ.get(CHOSEN)
    if named:
        return named if shutil.which(named) else None
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def why_not() -> str:
    """Say why no browser can be driven; "" if one can."""
    if importlib.util.find_spec("playwright") is None:
        return "the playwright package is not installed"
    if chromium() is None:
        return f"no Chromium was found; install one, or name one in {CHOSEN}"
    return ""
