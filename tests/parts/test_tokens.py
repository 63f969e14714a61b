"""Tokens: what is signed is read back, and nothing else passes."""

from collections.abc import Collection
from importlib import import_module

from hypothesis import given
from hypothesis import strategies as st

from services.patterns.tokens import Token, Verdict
from tests.guarded import FEW

PART = "services.patterns.tokens"
SABOTAGE = {
    "takes any signature": (
        "if not hmac.compare_digest(signature, _signed(said, key)):",
        "if False:",
        "test_a_token_that_was_changed_is_not_good",
    ),
    "takes any key": (
        "if key not in accepted:",
        "if False:",
        "test_a_key_that_is_not_accepted_is_told_from_a_forgery",
    ),
    "never expires": (
        "now_s >= token.until_s",
        "False",
        "test_it_is_good_until_its_end_and_not_at_it",
    ),
}
TOKEN = Token(user="ada.l@b", issued_s=1000.25, until_s=1005.5, key="k1")
KEYS = ("k0", "k1")


def read(text: str, now_s: float, accepted: Collection[str]) -> tuple[str, Token | None]:
    """Check a token by the module as it is now: sound, or broken on purpose."""
    verdict, token = import_module(PART).read(text, now_s, accepted)
    if token is not None:
        token = Token(
            user=token.user, issued_s=token.issued_s, until_s=token.until_s, key=token.key
        )
    return str(verdict), token


@FEW
@given(user=st.text(max_size=20), issued_s=st.integers(0, 10**9), ttl_s=st.integers(1, 10**6))
def test_what_is_written_is_read(user: str, issued_s: int, ttl_s: int) -> None:
    """Whatever the user is called."""
    token = Token(user=user, issued_s=issued_s, until_s=issued_s + ttl_s, key="k1")
    assert read(token.text(), issued_s, KEYS) == (Verdict.GOOD, token)


def test_it_is_good_until_its_end_and_not_at_it() -> None:
    """To the microsecond."""
    assert read(TOKEN.text(), 1005.499999, KEYS)[0] == Verdict.GOOD
    assert read(TOKEN.text(), 1005.5, KEYS)[0] == Verdict.EXPIRED


def test_a_token_that_was_changed_is_not_good() -> None:
    """In any place of what it says: other text is no token at all, or has another signature."""
    text = TOKEN.text()
    for place in range(len(text)):
        changed = text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]
        verdict, _ = read(changed, 1001, KEYS)
        assert verdict != Verdict.GOOD


def test_a_key_that_is_not_accepted_is_told_from_a_forgery() -> None:
    """Rotated too early is an operator's mistake, and no attack."""
    assert read(TOKEN.text(), 1001, ("k0",)) == (Verdict.KEY, TOKEN)
    assert read(TOKEN.text()[:-1] + "-", 1001, KEYS) == (Verdict.FORGED, TOKEN)


def test_what_is_no_token_is_malformed() -> None:
    """Also an empty one."""
    for text in ("", "a", "a.b.c.d.e", "zz.1.2.k1.0", "61.1.x.k1.0"):
        assert read(text, 0, KEYS) == (Verdict.MALFORMED, None)
