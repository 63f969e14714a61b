"""Election: terms are dealt out in turn, voters promise, and who was deposed is fenced off.

A term is a number that only grows, and each belongs to one member: no two leaders can share one.
A member's promise is the newest term that it obeys; orders of an older one it refuses, which is
the fence. A candidate takes over the best items among its voters: when a majority has voted, and
a majority had what was agreed before, one of them brings it along.

Sources: ballots dealt out in turn, Lamport, "The Part-Time Parliament" (1998); one leader who owns
the term, Oki and Liskov, "Viewstamped Replication" (1988). Raft (Ongaro and Ousterhout, 2014) lets
anybody run for any term and sends parts of its log, where this sends all of it. The fence: Burrows,
"The Chubby lock service" (2006). In production: etcd, Consul, ZooKeeper, or a database's own.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What a voter has: its items, and the term of the leader who gave them."""

    since: int
    items: list[str]

    @property
    def worth(self) -> tuple[int, int]:
        """Say which of two votes has the newer items: those of a newer leader, then more."""
        return self.since, len(self.items)


@dataclass(slots=True)
class Member:
    """One member's promise and items; the first of the members is founded as leader of term 1.

    Whoever changes it must write `kept()` to a disk before telling anybody.
    """

    name: str
    members: Sequence[str]
    term: int = 1
    since: int = 1
    items: list[str] = field(default_factory=list)

    @property
    def leader(self) -> str:
        """The member to whom the term that this one obeys belongs."""
        return self.members[(self.term - 1) % len(self.members)]

    @property
    def leads(self) -> bool:
        """Whether the newest term that it knows is its own, and it has won it."""
        return self.leader == self.name and self.since == self.term

    def next_term(self) -> int:
        """Give its own next term above the one that it obeys."""
        ahead = (self.members.index(self.name) - self.term) % len(self.members)
        return self.term + 1 + ahead

    def promise(self, term: int) -> bool:
        """Obey none below this term from now on; False when it has promised as much before."""
        if term <= self.term:
            return False
        self.term = term
        return True

    def accept(self, term: int, items: list[str]) -> bool:
        """Take a leader's items for its own; False when it has promised itself to a newer one."""
        if term < self.term:
            return False
        # A leader's items only grow, so fewer of the same term are a message that was overtaken.
        if term > self.since or len(items) > len(self.items):
            self.items = items
        self.term = self.since = term
        return True

    def vote(self) -> Vote:
        """Give what it has, for a candidate to whom it has promised itself."""
        return Vote(since=self.since, items=self.items)

    def lead(self, term: int, votes: Iterable[Vote]) -> bool:
        """Give itself the last vote and lead; False when it has meanwhile promised otherwise."""
        if not self.promise(term):
            return False
        self.items = list(max([self.vote(), *votes], key=lambda vote: vote.worth).items)
        self.since = term
        return True

    def kept(self) -> bytes:
        """Give what must survive a crash."""
        return json.dumps([self.term, self.since, self.items]).encode()

    def recall(self, kept: bytes | None) -> None:
        """Take over what an earlier process has kept, if there was one."""
        if kept is not None:
            self.term, self.since, self.items = json.loads(kept)
