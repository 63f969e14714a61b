"""Lists labs as JSON, for pytest: `python -m harness.cli.listing [DIR]`."""

import json
import sys
from pathlib import Path
from typing import Any

from harness import catalogue
from harness.cli import elsewhere
from harness.errors import ChaoslabError, ExitCode


def listing() -> list[dict[str, Any]]:
    """Give each lab's slug, track, file and variants, or why it cannot be loaded."""
    return [_listed(folder) for folder in catalogue.folders()]


def _listed(folder: Path) -> dict[str, Any]:
    slug = folder.name.replace("_", "-")
    plain = {"slug": slug, "track": folder.parent.name, "file": str(folder / "lab.py")}
    try:
        lab = catalogue.find(slug).lab
    except ChaoslabError as error:
        return plain | {"variants": [], "error": str(error)}
    return plain | {"variants": [variant.name for variant in lab.variants]}


def main(arguments: list[str]) -> ExitCode:
    """Print the labs of a folder, or our own."""
    try:
        if arguments and arguments[0]:
            elsewhere.use(Path(arguments[0]), may_be_empty=False)
        told = listing()
    except ChaoslabError as error:
        sys.stderr.write(f"chaoslab: {error}\n")
        return error.exit_code
    sys.stdout.write(json.dumps(told))
    return ExitCode.AS_EXPECTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
