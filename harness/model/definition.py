"""What a lab is, as a digest: equal digests, the same experiment with the same claims."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from harness.model.lab import Lab, Service
from harness.model.variant import Variant
from services.server import load, settings_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

WORDS = {
    "title",
    "question",
    "claim",
    "because",
    "source",
    "leaves_out",
    "reading",
    "words",
    "is_share",
}
"""Fields that only people read: another wording is no other lab."""


def definition(lab: Lab) -> str:
    """Give 16 hex digits of all that decides what a run does and what it is held against.

    Measures and plots count by their names and windows, not by their code.
    """
    values = {name: value for name, value in _fields(lab) if name != "predict"}
    if not lab.script:  # a lab that has none is what it was before labs could have one
        del values["script"]
    # The name of a prediction is its claim.
    values["predict"] = [
        {name: value for name, value in _fields(item) if name != "name"} for item in lab.predict
    ]
    return _digest(values)


def _digest(values: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


JUDGING = {"services", "variants", "expect", "predict", "across", "plots", "calm"}
"""Fields of a lab that change no run of a variant, or are in the services with its settings."""


def experiment(lab: Lab, variant: Variant) -> str:
    """Give 16 hex digits of all that decides what a run does, of a lab as its variant meets it.

    A setting with its default is as good as none. What only judges counts for nothing.
    """
    values = {name: value for name, value in _fields(lab) if name not in JUDGING}
    placed = lab.placed(variant).items()
    values["hosts"] = {host: _with_defaults(service) for host, service in placed}
    return _digest(values)


def _with_defaults(service: Service) -> object:
    settings = settings_of(load(service.app), service.settings)
    return [_plain(replace(service, settings={})), _plain(settings)]


def _fields(value: "DataclassInstance") -> list[tuple[str, object]]:
    """Give a dataclass's fields, without words and functions."""
    pairs = [(item.name, getattr(value, item.name)) for item in fields(value)]
    return [(name, _plain(it)) for name, it in pairs if name not in WORDS and not callable(it)]


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.name
        case str() | bool() | int() | None:
            return value
        case float():
            return f"{value:.9g}"  # C libraries differ in the last bit of a theory's figure
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case Sequence():
            return [_plain(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {"is": type(value).__name__, **dict(_fields(value))}
    raise TypeError(f"a lab cannot hold {value!r}")
