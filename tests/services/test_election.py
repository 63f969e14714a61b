"""Election: terms, promises, fences, and what no order of messages can break."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.patterns.election import Member, Vote
from services.patterns.quorum import majority, reached

NAMES = ("a", "b", "c")
GROUPS = st.sets(st.sampled_from(NAMES))


def three() -> tuple[Member, ...]:
    return tuple(Member(name, NAMES) for name in NAMES)


@pytest.mark.parametrize(("members", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_a_majority_is_more_than_half(members: int, needed: int) -> None:
    """Also of an even number."""
    assert majority(members) == needed


@given(st.integers(1, 9))
def test_two_majorities_share_a_member(members: int) -> None:
    """There is no room for two of them that do not; with one fewer there would be."""
    assert 2 * majority(members) > members >= 2 * (majority(members) - 1)


@given(st.lists(st.integers(), min_size=1), st.data())
def test_a_mark_is_reached_by_as_many_as_needed(marks: list[int], data: st.DataObject) -> None:
    """So many are there or above, and fewer are above it."""
    needed = data.draw(st.integers(1, len(marks)))
    mark = reached(marks, needed)
    assert sum(one >= mark for one in marks) >= needed
    assert sum(one > mark for one in marks) < needed


def test_the_first_member_is_founded_as_leader() -> None:
    """Of term 1, and all others take it for that."""
    a, b, c = three()
    assert [one.leads for one in (a, b, c)] == [True, False, False]
    assert {one.leader for one in (a, b, c)} == {"a"}


@given(st.sampled_from(NAMES), st.integers(1, 50))
def test_a_term_belongs_to_one_member(name: str, term: int) -> None:
    """Its next term is its own, newer, and the first such."""
    member = Member(name, NAMES, term=term)
    own = member.next_term()
    assert term < own <= term + len(NAMES)
    assert member.promise(own)
    assert member.leader == name
    assert not member.leads


def test_a_promise_is_given_once() -> None:
    """Neither the same term nor an older one is promised again."""
    member = Member("b", NAMES)
    assert member.promise(4)
    assert not member.promise(4)
    assert not member.promise(3)
    assert member.promise(5)


def test_a_deposed_leader_is_fenced_off() -> None:
    """Whoever has promised itself to a newer term takes nothing of an older one."""
    a, b, _ = three()
    assert b.accept(a.term, ["1"])
    assert b.promise(3)
    assert not b.accept(a.term, ["1", "2"])
    assert b.items == ["1"]


def test_a_copy_that_was_overtaken_takes_nothing_back() -> None:
    """Fewer items of the same term are older ones; fewer of a newer term count."""
    member = Member("c", NAMES)
    assert member.accept(2, ["1", "2"])
    assert member.accept(2, ["1"])
    assert member.items == ["1", "2"]
    assert member.accept(4, ["1"])
    assert member.items == ["1"]


def test_a_leader_takes_over_the_newest_items() -> None:
    """Those of the newest leader, however many an older one had left."""
    member = Member("c", NAMES, items=["x", "y", "z"])
    assert member.lead(6, [Vote(since=2, items=["1"]), Vote(since=1, items=["x"])])
    assert member.items == ["1"]
    assert member.leads
    assert (member.term, member.since) == (6, 6)


def test_a_candidate_that_promised_itself_away_does_not_lead() -> None:
    """Its own vote is the last one, and it has none left."""
    member = Member("c", NAMES)
    assert member.promise(7)
    assert not member.lead(6, [])
    assert not member.leads


def test_what_it_kept_is_what_it_recalls() -> None:
    """Promise, items and whose they are; nothing kept is a new member."""
    before = Member("b", NAMES, term=5, since=2, items=["1"])
    after = Member("b", NAMES)
    after.recall(None)
    assert after == Member("b", NAMES)
    after.recall(before.kept())
    assert after == before


class Network(RuleBasedStateMachine):
    """Three members whose messages come in any order, twice, or never; any of them may crash."""

    def __init__(self) -> None:
        super().__init__()
        self.members = dict(zip(NAMES, three(), strict=True))
        self.votes: dict[tuple[str, int], dict[str, Vote]] = {}
        self.copies: list[tuple[str, int, list[str]]] = []
        self.obeyed: dict[tuple[int, str], int] = {}
        self.ever_led: dict[int, str] = {1: "a"}
        self.acknowledged: list[tuple[str, int]] = []
        self.written = 0

    @rule(name=st.sampled_from(NAMES), voters=GROUPS, now=st.booleans())
    def run(self, name: str, voters: set[str], *, now: bool) -> None:
        """Stand for its own next term; the votes of some come in, now or later."""
        term = self.members[name].next_term()
        votes = self.votes.setdefault((name, term), {})
        for voter in sorted(voters - {name}):
            if self.members[voter].promise(term):
                given = list(self.members[voter].items)
                votes[voter] = Vote(since=self.members[voter].since, items=given)
        if now:
            self.count(name, term)

    @precondition(lambda self: self.votes)
    @rule(data=st.data())
    def lead(self, data: st.DataObject) -> None:
        """Count votes of a moment ago."""
        self.count(*data.draw(st.sampled_from(sorted(self.votes))))

    @rule(name=st.sampled_from(NAMES), to=GROUPS)
    def write(self, name: str, to: set[str]) -> None:
        """Take a write, wherever somebody believes to lead, and send copies to some."""
        leader = self.members[name]
        if leader.leads:
            self.written += 1
            leader.items.append(str(self.written))
            self.copies.append((name, leader.term, list(leader.items)))
            for other in sorted(to):
                self.bring(other, self.copies[-1])

    @precondition(lambda self: self.copies)
    @rule(data=st.data(), to=st.sampled_from(NAMES))
    def deliver(self, data: st.DataObject, to: str) -> None:
        """Bring any copy of the past to anybody."""
        self.bring(to, data.draw(st.sampled_from(self.copies)))

    def count(self, name: str, term: int) -> None:
        votes = self.votes[name, term]
        if len(votes) + 1 >= majority(len(NAMES)) and self.members[name].lead(term, votes.values()):
            self.copies.append((name, term, list(self.members[name].items)))

    def bring(self, to: str, copy: tuple[str, int, list[str]]) -> None:
        """Let a member take a copy; its answer reaches the leader at once."""
        sender, term, items = copy
        leader = self.members[sender]
        if to == sender or not self.members[to].accept(term, list(items)):
            return
        if leader.leads and leader.term == term:
            self.obeyed[term, to] = max(self.obeyed.get((term, to), 0), len(items))
            others = [self.obeyed.get((term, name), 0) for name in NAMES if name != sender]
            settled = int(reached([len(leader.items), *others], majority(len(NAMES))))
            self.acknowledged += [(item, term) for item in leader.items[:settled]]

    @rule(name=st.sampled_from(NAMES))
    def crash(self, name: str) -> None:
        """Start anew from what was kept."""
        after = Member(name, NAMES)
        after.recall(self.members[name].kept())
        self.members[name] = after

    @invariant()
    def no_two_leaders_share_a_term(self) -> None:
        for name, member in self.members.items():
            if member.leads:
                assert self.ever_led.setdefault(member.term, name) == name

    @invariant()
    def whoever_leads_has_all_that_was_acknowledged_before(self) -> None:
        for member in self.members.values():
            if member.leads:
                before = {item for item, term in self.acknowledged if term <= member.term}
                assert before <= {*member.items}


TestNetwork = Network.TestCase
TestNetwork.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


def test_a_new_leaders_items_replace_more_of_an_old_ones() -> None:
    """What was never agreed goes, also where its term was promised before its items came."""
    one = Member("b", ("a", "b", "c"), term=1, since=1, items=["x", "y"])
    assert one.promise(3)
    assert one.accept(3, ["z"])
    assert (one.term, one.since, one.items) == (3, 3, ["z"])
    assert one.accept(3, [])
    assert one.items == ["z"]


def test_a_leaders_items_are_its_own() -> None:
    """What it adds later is not in the vote that it took them from."""
    one = Member("b", ("a", "b", "c"))
    vote = Vote(since=1, items=["x"])
    assert one.lead(2, [vote])
    one.items.append("y")
    assert vote.items == ["x"]
