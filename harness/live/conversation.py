"""What all engines' sessions say and hear alike: a message is read, done, and answered."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from harness.errors import ChaoslabError, LabError
from harness.live import messages
from harness.live.commands import Follow, Lately, LessonOf, Nothing, read
from harness.live.messages import Labs
from harness.live.moments import LONGEST_S
from harness.live.viewed import Viewed
from harness.live.workbench import Workbench
from harness.model.plain_values import short, value_of

MOST_ID = 64
Send = Callable[[dict[str, Any]], None]
Command = tuple[type[Any], Callable[[Any, Any], None]]


class Conversation(ABC):
    """One session at a time, and a page that asks for things; `COMMANDS` are what it may ask."""

    ABSENT: ClassVar[Mapping[str, str]] = {}
    """Commands of other engines, each with the reason why it is not there."""

    def __init__(self, send: Send, labs: Labs) -> None:
        self._send = send
        self._labs = labs
        self._workbench = Workbench(labs.find)

    @property
    @abstractmethod
    def is_playing(self) -> bool:
        """Whether time is to pass."""

    @property
    @abstractmethod
    def has_time(self) -> bool:
        """Whether it need not go as fast as it can."""

    @abstractmethod
    def pass_time(self, wall_s: float) -> None:
        """Let a slice of time pass, if any is to pass; `wall_s` have gone by since the last."""

    @abstractmethod
    def close(self) -> None:
        """Close the session, if there is one."""

    @abstractmethod
    def _there(self) -> Viewed:
        """Give the session.

        Raises:
            LabError: there is none, or it is not to be seen now.

        """

    def take(self, text: str) -> None:
        """Take one message, and answer it; whatever it is, it ends nothing but itself."""
        number: object = None
        try:
            message = read(text)
            number = message.pop("id", None)
            if not isinstance(number, int | str | None) or len(str(number)) > MOST_ID:
                number = None
                raise LabError("id must be a short text or a number")
            name = self._known(message.pop("do", None))
            kind, act = self.COMMANDS[name]
            act(self, value_of(kind, message, name))
        except ChaoslabError as error:
            self._send({"say": "refused", "id": number, "why": str(error)})
        else:
            self._send({"say": "ok", "id": number})

    def _known(self, name: object) -> str:
        if isinstance(name, str) and name in self.ABSENT:
            raise LabError(f"{name}: {self.ABSENT[name]}")
        if not isinstance(name, str) or name not in self.COMMANDS:
            raise LabError(f"do is {short(name)}; it may be {', '.join(self.COMMANDS)}")
        return name

    def _lesson(self, asked: LessonOf) -> None:
        own = self._workbench.is_own(asked.lab)
        lesson = None if own else self._labs.lesson(asked.lab)
        self._send({"say": "lesson", "lab": asked.lab, "lesson": lesson})

    def _told_history(self, asked: Lately) -> None:
        if not 0 < asked.span_s <= LONGEST_S:
            raise LabError(f"span_s is {asked.span_s:g}; it must be above 0, at most {LONGEST_S:g}")
        self._send(messages.history_of(self._there(), asked.span_s))

    def _follow(self, asked: Follow) -> None:
        self._send(messages.followed(self._there(), asked.request))

    def _claims(self, _: Nothing) -> None:
        self._send(messages.claims(self._there()))

    def _export(self, _: Nothing) -> None:
        self._send({"say": "exported", "experiment": self._there().export().to_json()})

    def _end(self, _: Nothing) -> None:
        self.close()

    COMMANDS: ClassVar[Mapping[str, Command]] = {
        "history": (Lately, _told_history),
        "follow": (Follow, _follow),
        "lesson": (LessonOf, _lesson),
        "claims": (Nothing, _claims),
        "export": (Nothing, _export),
        "close": (Nothing, _end),
    }
