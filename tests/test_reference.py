"""The reference: the page is what the code says, and every entry says something."""

from collections import Counter

import pytest

from harness import model, reference
from harness.cli.__main__ import main
from harness.errors import ExitCode

SECTIONS = reference.sections()


def test_the_page_is_what_the_code_says() -> None:
    """Whoever adds a word writes the page anew: ./lab reference --write."""
    assert reference.FILE.read_text() == reference.markdown(SECTIONS)


def test_every_word_stands_in_it_once_and_is_explained() -> None:
    """All words of labs, and no entry without a docstring."""
    counted = Counter(item.name for section in SECTIONS for item in section.items)
    assert [name for name, count in counted.items() if count > 1] == []
    assert set(model.__all__) <= counted.keys()
    silent = [item.name for section in SECTIONS for item in section.items if not item.said]
    assert silent == []


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("Surge", "start_s, end_s, times"),
        ("Zipf", "s=1"),
        ("Configure", "target, values=None, **settings"),
        ("Way", "both | forth | back"),
        (
            "services.worker",
            (
                "workers=4, ~service_ms=40, spread=fixed, queue_limit=-1, "
                "~slow_ratio=0, ~slow_ms=0, ~error_ratio=0"
            ),
        ),
        ("success_ratio", "start_s, end_s, path=''"),
        ("caching.stampede_calls", "rate_rps, recompute_s"),
    ],
)
def test_an_entry_says_what_it_takes(name: str, takes: str) -> None:
    """With defaults, and a mark at what is live."""
    (item,) = (item for section in SECTIONS for item in section.items if item.name == name)
    assert item.takes == takes


def test_a_word_finds_what_has_it_in_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    """Or a whole section, by its title; for what is nowhere, one line says so."""
    assert main(["reference", "surge"]) is ExitCode.AS_EXPECTED
    assert capsys.readouterr().out.startswith("Load\n  Surge(start_s, end_s, times)\n")
    assert main(["reference", "faults"]) is ExitCode.AS_EXPECTED
    assert "  Kill(target)\n" in capsys.readouterr().out
    assert main(["reference", "surges"]) is ExitCode.INCONCLUSIVE
    assert capsys.readouterr().err == (
        "chaoslab: nothing has 'surges' in its name; ./lab reference lists all\n"
    )
