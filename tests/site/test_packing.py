"""What a bundle's parts are: zips that a server takes for WebAssembly, of short bytecode."""

import ast
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from zipimport import zipimporter

import pytest

from harness.site.packing import as_wasm, leb128, shortened

MODULE = '''"""A module.

With more to say.
"""

class Fault:
    """It breaks.

    For ever.
    """

    def begin(self):
        """Begin."""
        return "kept\\nwhole"

async def wait():
    "Wait."

def bare():
    return __doc__

def checked():
    assert not bare
'''


def test_a_part_is_a_zip_that_is_imported_from_and_a_module_of_one_section(tmp_path: Path) -> None:
    """A zip is read from its end; before it stands what makes it a WebAssembly module."""
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        made.writestr("packed_alone.py", "VALUE = 7")
    part = tmp_path / "part.wasm"
    part.write_bytes(as_wasm(held.getvalue()))
    assert zipimporter(str(part)).get_source("packed_alone") == "VALUE = 7"
    with zipfile.ZipFile(part) as read:
        assert read.testzip() is None
    whole = part.read_bytes()
    assert whole[:8] == b"\0asm\1\0\0\0"
    assert whole.index(b"\3zip") + 4 + len(held.getvalue()) == len(whole)


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "00"), (127, "7f"), (128, "8001"), (624485, "e58e26")],
)
def test_numbers_are_written_as_webassembly_does(number: int, written: str) -> None:
    """The last is the example of the DWARF standard, 7.6."""
    assert leb128(number).hex() == written


def run(lines: int) -> dict[str, Any]:
    loaded: dict[str, Any] = {"__doc__": None}  # as a module has it
    exec(compile(shortened(ast.parse(MODULE), lines), "module", "exec"), loaded)  # noqa: S102
    return loaded


def test_our_docstrings_are_cut_to_their_first_lines() -> None:
    """No other text is, and what has none gets none."""
    loaded = run(1)
    assert loaded["__doc__"] == "A module."
    assert loaded["Fault"].__doc__ == "It breaks."
    assert loaded["Fault"].begin.__doc__ == "Begin."
    assert loaded["Fault"]().begin() == "kept\nwhole"
    assert loaded["wait"].__doc__ == "Wait."
    assert loaded["bare"]() == "A module."
    assert loaded["bare"].__doc__ is None


def test_those_of_libraries_are_left_out() -> None:
    """As Python does by -OO, but for assertions; a body of a docstring alone is still one."""
    loaded = run(0)
    named = (loaded["Fault"], loaded["Fault"].begin, loaded["wait"])
    assert [one.__doc__ for one in named] == [None, None, None]
    assert loaded["bare"]() is None
    assert loaded["Fault"]().begin() == "kept\nwhole"
    with pytest.raises(AssertionError):
        loaded["checked"]()
