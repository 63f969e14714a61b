"""The question before a run: asked once, on a terminal alone, and answered by the run."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.workshop import ELSEWHERE, ROOT, SMALL, Workshop

WORDS = """
from harness.model.reading import Question, Reading, choice

READING = Reading(
    questions=(
        Question(
            on="naive",
            asks="good answers at the end",
            choices=(
                choice("all", success_ratio(3.5, 5), at_least=0.9),
                choice("none", success_ratio(3.5, 5), at_most=0.1, claim="stays down"),
            ),
        ),
    ),
)

LAB = Lab("""
RUN = ("run", "small", "--engine", "sim", "--no-report")
ASKED = "Your guess: good answers at the end  1 all  2 none"


@pytest.fixture
def asking(shop: Workshop) -> Workshop:
    """Give a checkout with a small lab that has a question."""
    text = SMALL.replace("LAB = Lab(", WORDS.lstrip()).replace(
        "    duration_s=5,\n", "    duration_s=5,\n    reading=READING,\n"
    )
    shop.write(text)
    return shop


def typed(shop: Workshop, keys: str, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run a command line on a terminal of its own, type keys, and give what stood on it."""
    first, second = pty.openpty()
    calm = {name: value for name, value in os.environ.items() if name not in {"CI", "NO_COLOR"}}
    process = subprocess.Popen(  # noqa: S603 - our own command line
        [sys.executable, "-c", ELSEWHERE, str(shop.root), *(arguments or RUN)],
        env={
            **calm,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TERM": "dumb",
            "PYTHONHASHSEED": "0",
            **environment,
        },
        stdin=second,
        stdout=second,
        stderr=second,
        start_new_session=True,
    )
    os.close(second)
    os.write(first, keys.encode())
    said = b""
    ends = time.monotonic() + 60
    try:
        while time.monotonic() < ends:
            if select.select([first], [], [], 1)[0]:
                try:
                    said += os.read(first, 65536)
                except OSError:  # Linux says so when the other end is closed
                    break
        return process.wait(10), said.decode(errors="replace").replace("\r\n", "\n")
    finally:
        process.kill()
        process.wait()
        os.close(first)


def kept(shop: Workshop) -> Path:
    return shop.runs / "learner.json"


def test_a_guess_is_asked_before_the_run_and_answered_after_it(asking: Workshop) -> None:
    """A wrong key is asked again; the reply says which answer this run has shown to be right."""
    code, said = typed(asking, "7\n1\n")
    assert code == 0, said
    assert ASKED in said
    assert "'7' is not one of 1, 2; Enter skips the question" in said
    before, _, after = said.partition("Simulated, good answers")
    assert "You guessed" not in before
    assert "You guessed 1; it was 2: none." in after


def test_a_guess_is_asked_once(asking: Workshop) -> None:
    """The second run shows the guess, does not wait for another, and replies again."""
    assert "so it was" not in typed(asking, "1\n")[1]
    _, said = typed(asking, "")
    assert f"{ASKED}  > 1" in said
    assert "(Enter skips)" not in said
    assert "You guessed 1; it was 2: none." in said


def test_a_right_guess_is_told_so(asking: Workshop) -> None:
    """The choice that the claim says is right."""
    assert "You guessed 2, and so it was: none." in typed(asking, "2\n")[1]


@pytest.mark.parametrize("keys", ["\n", "\x04"], ids=["Enter", "Ctrl-D"])
def test_a_question_may_be_skipped(asking: Workshop, keys: str) -> None:
    """Nothing is said of a guess then, and nothing is asked again."""
    code, said = typed(asking, keys)
    assert code == 0, said
    assert "You guessed" not in said
    assert list(json.loads(kept(asking).read_text())["guesses"].values()) == [0]
    assert "Enter skips" not in typed(asking, "")[1]


def test_a_changed_run_answers_by_what_it_has_shown(asking: Workshop) -> None:
    """With settings of one's own nothing is asked, for the question is about the lab as it is."""
    _, said = typed(asking, "", *RUN, "--set", "front.tries=1")
    assert "Your guess" not in said


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [((*RUN, "--no-predict"), {}), (RUN, {"CI": "true"}), ((*RUN, "--variant", "calm"), {})],
    ids=["--no-predict", "CI", "another variant"],
)
def test_nobody_is_asked_who_is_not_there(
    asking: Workshop, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    """Asked not to, in CI, or where the variant that is asked about does not run."""
    code, said = typed(asking, "", *arguments, **environment)
    assert code == 0, said
    assert "Your guess" not in said
    assert not kept(asking).exists()


def test_no_terminal_no_question(asking: Workshop) -> None:
    """A pipe is neither asked nor reminded."""
    outcome = asking.run(*RUN)
    assert outcome.code == 0
    assert "Your guess" not in outcome.out
    assert not kept(asking).exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"guesses": 3}'])
def test_a_damaged_memory_is_as_good_as_none(asking: Workshop, text: str) -> None:
    """A file that another program has written into is written anew."""
    asking.runs.mkdir()
    kept(asking).write_text(text)
    code, said = typed(asking, "2\n")
    assert code == 0, said
    assert ASKED in said
    assert list(json.loads(kept(asking).read_text())["guesses"].values()) == [2]
