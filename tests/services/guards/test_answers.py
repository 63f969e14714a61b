"""What an answer says of itself, which guards and services go by."""

import pytest

from services.patterns.guards import Answer


@pytest.mark.parametrize(
    ("status", "ok", "failed"),
    [
        (200, True, False),
        (399, True, False),
        (400, False, False),
        (404, False, False),
        (429, False, True),
        (499, False, False),
        (500, False, True),
        (503, False, True),
    ],
)
def test_a_status_says_whose_fault_it_was(status: int, ok: bool, failed: bool) -> None:  # noqa: FBT001
    """A refusal for now and an error are the callee's; any other 4xx is the caller's."""
    answer = Answer(status=status)
    assert (answer.ok, answer.failed) == (ok, failed)


def test_the_body_is_text_in_utf_8() -> None:
    """As the kind says that it has."""
    assert Answer("grüße\n".encode()).text == "grüße\n"
    assert Answer() == Answer(b"", 200, 0, "text/plain; charset=utf-8")
