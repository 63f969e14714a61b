"""The reference of everything that a lab can say, made from the code: the page to write labs from.

Each entry is a name, what it takes, and the first lines of its docstring. So it cannot name what is
not there, and a word without a docstring would show.
"""

import dataclasses
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import services
from harness import measures, model, theory
from harness.measures import plots, series
from harness.model.lab import Lab, Redis, Service
from harness.model.load import Load
from harness.model.variant import Variant
from services import guarding, patterns, server

FILE = Path(__file__).parents[1] / "labs" / "REFERENCE.md"
HEAD = """# What a lab can say

Made from the code by `./lab reference --write`; a test holds it against it. `~` marks a setting
that can be changed while a service runs.
"""
LOAD_PARTS = (model.Send, model.Surge, model.Ramp, model.Zipf, model.HotKey)
GUARDED = {field.name for field in dataclasses.fields(guarding.Guarded)}
"""Settings that every service has, listed once."""
WIDEST = 60
"""Characters of a default value; what is longer is left out."""


class Item(NamedTuple):
    """One entry: its name, what it takes, and what it is."""

    name: str
    takes: str
    said: str


class Section(NamedTuple):
    """A heading, a sentence about what is under it, and the entries."""

    title: str
    about: str
    items: list[Item]


def sections() -> list[Section]:
    """Give the whole reference."""
    return [
        *_words(),
        _functions("Measures", "A number from a recording.", measures, series),
        _functions("Plots", "Curves over the seconds of a run.", plots),
        *_services(),
        Section("Patterns", "What services are made of.", list(map(_of_module, _within(patterns)))),
        *(
            _functions(f"Theory of {_last(module)}", _first_lines(module), module)
            for module in _within(theory)
            if _last(module) != "domain"
        ),
    ]


def markdown(found: Sequence[Section]) -> str:
    """Write the sections as one page."""
    lines = [HEAD.rstrip()]
    for section in found:
        lines += ["", f"## {section.title}", "", *filter(None, [section.about])]
        if section.about:
            lines.append("")
        lines += [_line(item) for item in section.items]
    return "\n".join(lines) + "\n"


def matching(found: Sequence[Section], text: str) -> list[Section]:
    """Give what has a text in its name, or all of a section that has it in its title."""
    wanted = text.casefold()
    kept = []
    for section in found:
        whole = wanted in section.title.casefold()
        items = [item for item in section.items if whole or wanted in item.name.casefold()]
        if items:
            kept.append(section._replace(items=items))
    return kept


def _line(item: Item) -> str:
    return (
        f"- `{item.name}({item.takes})`: {item.said}"
        if item.takes
        else (f"- `{item.name}`: {item.said}")
    )


def _words() -> Iterator[Section]:
    """Sort the words of labs by what they are; every word is in one section."""
    kinds: dict[str, tuple[str, Callable[[Any], bool]]] = {
        "The lab": ("A lab is one value.", _is(Lab, Service, Redis, Variant)),
        "Load": ("What is sent, and how it changes.", _is(Load, *LOAD_PARTS)),
        "Faults": (
            "`during(start_s, end_s, fault)` breaks and puts right, `at(at_s, change)` is a step.",
            lambda word: inspect.isclass(word) and hasattr(word, "apply"),
        ),
        "Claims and the rest": ("", lambda _: True),
    }
    left = {name: getattr(model, name) for name in model.__all__}
    for title, (about, fits) in kinds.items():
        here = [name for name, word in left.items() if fits(word)]
        yield Section(title, about, [_item(name, left.pop(name)) for name in here])


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda word: inspect.isclass(word) and issubclass(word, kinds)


def _functions(title: str, about: str, *modules: ModuleType) -> Section:
    """Give what modules offer: what they export, else what they define themselves."""
    found: dict[str, Any] = {}
    for module in modules:
        own = getattr(module, "__all__", None) or [
            name
            for name, word in vars(module).items()
            if inspect.isfunction(word) and word.__module__ == module.__name__ and name[0] != "_"
        ]
        prefix = "" if module is measures else f"{_last(module)}."
        found |= {f"{prefix}{name}": getattr(module, name) for name in own}
    items = [_item(name, word) for name, word in found.items() if callable(word)]
    return Section(title, about, items)


def _services() -> Iterator[Section]:
    """Give every service with its settings, each with its default."""
    items = []
    for module in _within(services):
        if hasattr(module, "Settings") and hasattr(module, "app"):
            live = server.live_settings(server.load(module.__name__))
            settings = [
                f"{'~' * (field.name in live)}{field.name}{_default(field)}"
                for field in dataclasses.fields(module.Settings)
                if field.name not in GUARDED
            ]
            said = f"{_first_lines(module)}{_sides(module.Settings)}"
            items.append(Item(module.__name__, ", ".join(settings), said))
    yield Section("Services", "`Service(name, app=...)` with these settings.", items)
    yield _guards()


def _sides(settings: type[Any]) -> str:
    """Say which guards a service takes, where it does not take both."""
    there = GUARDED & {field.name for field in dataclasses.fields(settings)}
    if there == GUARDED:
        return ""
    return f" Guards: {there.pop()} alone." if there else " No guards."


def _guards() -> Section:
    """Give every guard with its settings, each with its default."""
    every = guarding.Guards()
    items = []
    for name, guard in sorted(guarding.GUARDS.items()):
        settings = getattr(every, name)
        takes = ", ".join(
            f"{field.name}{_default(field)}" for field in dataclasses.fields(settings)
        )
        items.append(Item(name, takes, _first_lines(guard)))
    about = (
        "Services take them around their calls and their commands to a Redis (`outgoing`) and "
        "around their handlers (`incoming`), unless it is said there that they do not. The "
        'outermost stands first: `"outgoing.order": "deadline,retry,breaker"`, with settings as in '
        '`"outgoing.retry.tries": 3`, all live.'
    )
    return Section("Guards", about, items)


def _default(field: "dataclasses.Field[Any]") -> str:
    return "" if field.default is dataclasses.MISSING else f"={_shown(field.default)}"


def _within(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__):
        yield import_module(f"{package.__name__}.{found.name}")


def _last(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _of_module(module: ModuleType) -> Item:
    return Item(module.__name__, "", _first_lines(module))


def _item(name: str, word: Any) -> Item:  # noqa: ANN401 - any word
    return Item(name, _takes(word), _first_lines(word))


def _first_lines(word: Any) -> str:  # noqa: ANN401 - whatever has a docstring
    return (inspect.getdoc(word) or "").partition("\n\n")[0].replace("\n", " ")


def _takes(word: Any) -> str:  # noqa: ANN401 - a class or a function
    if inspect.isclass(word) and issubclass(word, Enum):
        return " | ".join(str(member.value) for member in word)
    shown = []
    for one in inspect.signature(word).parameters.values():
        stars = "*" * (one.kind is one.VAR_POSITIONAL) + "**" * (one.kind is one.VAR_KEYWORD)
        default = "" if one.default is one.empty else f"={_shown(one.default)}"
        shown.append(f"{stars}{one.name}{default}")
    return ", ".join(shown)


def _shown(value: object) -> str:
    """Write a default as a person would; `...` for what only Python would."""
    text = str(value.value) if isinstance(value, Enum) else repr(value)
    return text if len(text) < WIDEST and "<" not in text else "..."
