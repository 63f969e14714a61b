"""Auth and the door: rotation, revocation, an issuer that is away, and identity on every call."""

import pytest

from harness.conductor import conductor
from harness.errors import LabError
from harness.measures import success_ratio
from harness.measures.outcomes import calls
from harness.measures.series import increase
from harness.model import Configure, Kill, Paced, Send, Service, Together, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from tests.support import lab, run

SABOTAGE = {
    "lets everybody in": (
        "if outcome != GOOD and not lets_in:",
        "if False:",
        "test_a_key_that_is_rotated_with_one_accepted_refuses_each_user_once",
    ),
    "does not log in again": (
        "self._tokens.pop(user, None)",
        "pass",
        "test_a_key_that_is_rotated_with_one_accepted_refuses_each_user_once",
    ),
    "does not renew": (
        "if token is None or token.until_s <= now_s:",
        "if token is None:",
        "test_users_renew_before_their_tokens_end",
    ),
    "fetches keys once": (
        "await asyncio.sleep(self._ctx.settings.keys_ms / 1000)",
        "await asyncio.sleep(1e6)",
        "test_two_keys_for_a_while_refuse_nobody",
    ),
    "hears of no revocation": (
        "return REVOKED if revoked else GOOD",
        "return GOOD",
        "test_a_token_that_is_taken_back_is_good_until_the_doors_hear_of_it",
    ),
    "asks nobody": (
        "if self._ctx.settings.check is Check.ASK:",
        "if False:",
        "test_who_asks_each_time_is_down_with_the_issuer",
    ),
    "allows what it cannot check": (
        "self._ctx.settings.without is Without.ALLOW",
        "True",
        "test_who_asks_each_time_is_down_with_the_issuer",
    ),
    "lets every user in": (
        "not self._ctx.settings.lets_in(token.user)",
        "False",
        "test_a_user_who_is_not_allowed_is_kept_out",
    ),
}
PEOPLE = 20
THIEF = Paced(to="door", rate_rps=10, mix=(Send(path="/thief/0"),), start_s=1, end_s=10)
REVOKE = Paced(
    to="auth", rate_rps=1, mix=(Send(path="/revoke/0", method="POST"),), start_s=4, end_s=5.5
)


def ran(
    *faults: Timed, auth: dict[str, Setting] | None = None, theft: bool = False, **door: Setting
) -> Recording:
    """Let twenty people ask forty times a second through a door for ten seconds."""
    users = Paced(to="door", rate_rps=40, mix=(Send(path="/as/{key}"),), keys=PEOPLE)
    value = lab(
        Service("door", app="services.door", calls=("auth", "site"),
                settings={"auth": "auth", **door}),
        Service("auth", app="services.auth", settings={"ttl_ms": 60_000, **(auth or {})}),
        Service("site", app="services.worker", settings={"service_ms": 1}),
        load=Together(of=(users, THIEF, REVOKE)) if theft else users,
        faults=faults,
    )  # fmt: skip
    return run(value, conductor(faults, value.duration_s))


def refused(recording: Recording, outcome: str, start_s: int = 0, end_s: int = 10) -> float:
    return increase("checks_total", start_s, end_s, labels=f'"{outcome}"').of(recording)


def test_a_key_that_is_rotated_with_one_accepted_refuses_each_user_once() -> None:
    """They log in again at the next request, and then all is well."""
    recording = ran(during(4.05, 10, Configure("auth", signing="k2", accepted="k2")))
    assert refused(recording, "key not accepted") == pytest.approx(PEOPLE, abs=2)
    assert success_ratio(0, 4).of(recording) == success_ratio(8, 10).of(recording) == 1


def test_two_keys_for_a_while_refuse_nobody() -> None:
    """First the new key is accepted, then it signs, and the old one goes with its tokens."""
    recording = ran(
        during(2.05, 4.05, Configure("auth", accepted="k1,k2")),
        during(4.05, 10, Configure("auth", signing="k2", accepted="k1,k2")),
        auth={"ttl_ms": 2000},
    )
    assert success_ratio(0, 10).of(recording) == 1
    assert refused(recording, "good", 0, 10) > 300


def test_users_renew_before_their_tokens_end() -> None:
    """Nobody is refused, and each has logged in about once for each life of a token."""
    recording = ran(auth={"ttl_ms": 2000})
    assert success_ratio(0, 10).of(recording) == 1
    logins = increase("tokens_issued_total", 0, 10).of(recording)
    assert 4 * PEOPLE < logins < 7 * PEOPLE


def test_without_the_issuer_users_are_in_until_their_tokens_end() -> None:
    """Where tokens are checked alone."""
    away = during(2, 8, Kill("auth"))
    long, short = (ran(away, auth={"ttl_ms": ttl_ms}) for ttl_ms in (60_000, 2000))
    assert success_ratio(2, 8).of(long) == 1
    assert success_ratio(4.5, 8).of(short) == 0


def test_who_asks_each_time_is_down_with_the_issuer() -> None:
    """Unless what cannot be checked is let in."""
    away = during(2, 8, Kill("auth"))
    denies, allows = (ran(away, check="ask", without=how) for how in ("deny", "allow"))
    assert success_ratio(2.1, 7.9).of(denies) == 0
    assert success_ratio(2.1, 7.9).of(allows) == 1
    assert calls("auth", 0, 2).of(denies) > 80


def test_a_token_that_is_taken_back_is_good_until_the_doors_hear_of_it() -> None:
    """A thief is out with the next list of keys, or at once where each token is asked for."""
    late_s = thief_stays_s(ran(theft=True, keys_ms=4000))
    soon_s = thief_stays_s(ran(theft=True, keys_ms=200))
    assert soon_s <= 0.3
    assert 1 < late_s <= 4
    assert thief_stays_s(ran(theft=True, check="ask")) <= 0.1


def thief_stays_s(recording: Recording) -> float:
    """Give for how long after the revocation the stolen token is good."""
    (revoked,) = [one for one in recording.requests if one.to == "auth"]
    let_in = [
        one.sent_s for one in recording.requests if (one.path, one.status) == ("/thief/0", "200")
    ]
    return max(let_in) - revoked.answered_s


def test_a_user_who_is_not_allowed_is_kept_out() -> None:
    """With a token that is good; who may come in comes in."""
    recording = ran(allowed="1, 2, 3")
    for one in recording.requests:
        assert one.status == ("200" if one.path in {"/as/1", "/as/2", "/as/3"} else "403")


def test_a_door_behind_a_door_checks_again() -> None:
    """And refuses who comes to it without a token."""
    behind = {"auth": "auth"}
    value = lab(
        Service("door", app="services.door", calls=("auth", "inner"), settings=behind),
        Service("inner", app="services.door", calls=("auth", "site"), settings=behind),
        Service("auth", app="services.auth"),
        Service("site", app="services.worker"),
        load=Together(of=(Paced(to="door", rate_rps=10, mix=(Send(path="/as/ada"),)),
                          Paced(to="inner", rate_rps=10))),
        duration_s=3,
    )  # fmt: skip
    recording = run(value)
    ended = {(one.to, one.status) for one in recording.requests if one.intended_s > 0.5}
    assert ended == {("door", "200"), ("inner", "401")}


def test_a_door_without_its_issuer_is_refused() -> None:
    """Before anything runs."""
    value = lab(
        Service("door", app="services.door", calls=("site",), settings={"auth": "sso"}),
        Service("site", app="services.worker"),
        load=Paced(to="door", rate_rps=1),
    )
    with pytest.raises(LabError, match="auth 'sso' is not in calls=; name it there"):
        run(value)
