"""The lab file of a system that was put together by hand: a text made of values alone."""

import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from enum import Enum
from typing import Any

from harness.live.sandbox import FALLS, HEALTHY, HOLDS, Made
from harness.live.sandbox_form import GUARDED, PLAIN
from harness.model.fault import Timed
from harness.model.lab import Redis, Service

HEAD = '''"""A system of the sandbox: two designs, and what happens to them.

Save it as FOLDER/NAME/lab.py, and hold it against its claims with ./lab check NAME --labs FOLDER.
"""
'''
INDENT = 4 * " "
ALWAYS = ("Broken", "Fixed", "Lab", "Service", "baseline", "on")


def source_of(made: Made) -> str:
    """Write the file; running it gives the lab that was made."""
    lab, form = made.lab, made.form
    words = {*ALWAYS, made.load.kind, *_fault_words(lab.faults)}
    words |= {"Surge"} if made.load.surge_times > 1 else set()
    words |= {"Send"} if made.load.method != "GET" else set()
    words |= {"Redis"} if lab.stores else set()
    plain, guarded = _value(PLAIN), _value(GUARDED)
    falls = f"claim={_value(FALLS)}, measure=JUDGED, at_most={_value(form.plain_at_most)}"
    holds = f"claim={_value(HOLDS)}, measure=JUDGED, at_least={_value(form.guarded_at_least)}"
    lines = [
        f"title={_value(lab.title)},",
        f"question={_value(lab.question)},",
        *_tuple("services", [_service(one) for one in lab.services]),
        *(_tuple("stores", [_store(one) for one in lab.stores]) if lab.stores else ()),
        f"load={_load(made)},",
        f"duration_s={_value(lab.duration_s)},",
        *_tuple("faults", [_timed(one) for one in lab.faults]),
        "variants=(",
        f"{INDENT}Broken({plain}),",
        f"{INDENT}Fixed({guarded}, {_value(lab.variant(GUARDED).settings)}),",
        "),",
        "expect=(",
        f"{INDENT}baseline(success_ratio(0, {_value(made.healthy_s)}), at_least={HEALTHY:g}),",
        f"{INDENT}on({plain}, {falls}),",
        f"{INDENT}on({guarded}, {holds}),",
        "),",
    ]
    imported = textwrap.fill(", ".join(sorted(words, key=_order)) + ",", 92)
    judged = f"{_value(form.judged_from_s)}, {_value(form.judged_to_s)}"
    return (
        f"{HEAD}\nfrom harness.measures import success_ratio\n"
        f"from harness.model import (\n{textwrap.indent(imported, INDENT)}\n)\n\n"
        f"JUDGED = success_ratio({judged})\n\n"
        f"LAB = Lab(\n{textwrap.indent(chr(10).join(lines), INDENT)}\n)\n"
    )


def _order(word: str) -> tuple[bool, str]:
    return word[0].islower(), word


def _tuple(name: str, items: Sequence[str]) -> Iterator[str]:
    if not items:
        yield f"{name}=(),"
        return
    yield f"{name}=("
    yield from (f"{INDENT}{item}," for item in items)
    yield "),"


def _service(one: Service) -> str:
    given = [_value(one.name), f"app={_value(one.app)}"]
    given += [f"calls={_value(one.calls)}"] if one.calls else []
    given += [f"replicas={one.replicas}"] if one.replicas > 1 else []
    given += [f"settings={_value(one.settings)}"] if one.settings else []
    return f"Service({', '.join(given)})"


def _store(one: Redis) -> str:
    return f"Redis({_value(one.name)}{', persistent=True' if one.persistent else ''})"


def _load(made: Made) -> str:
    load = made.load
    given = {"to": load.to, "rate_rps": load.rate_rps, "timeout_ms": load.timeout_ms}
    given |= {"path": load.path} if load.method == "GET" and load.path != "/" else {}
    told = _given(given)
    if load.method != "GET":
        told += f", mix=(Send({_given({'method': load.method, 'path': load.path})}),)"
    if load.surge_times > 1:
        window = {"start_s": load.surge_start_s, "end_s": load.surge_end_s}
        told += f", phases=(Surge({_given(window | {'times': load.surge_times})}),)"
    return f"{load.kind}({told})"


def _timed(one: Timed) -> str:
    return f"during({_value(one.start_s)}, {_value(one.end_s)}, {_fault(one.fault)})"


def _fault(fault: Any) -> str:  # noqa: ANN401 - any of the model's, all of which are dataclasses
    values = {one.name: (getattr(fault, one.name), one.default) for one in fields(fault)}
    given = {
        name: value
        for name, (value, default) in values.items()
        if default is MISSING or value != default
    }
    takes = inspect.signature(type(fault)).parameters
    bare = [name for name in given if takes[name].kind is inspect.Parameter.POSITIONAL_ONLY]
    told = [*(_value(given.pop(name)) for name in bare), *([_given(given)] if given else [])]
    return f"{type(fault).__name__}({', '.join(told)})"


def _given(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in values.items())


def _value(value: Any) -> str:  # noqa: ANN401 - a setting, or a field of a fault
    """Write a value so that Python reads the same one."""
    match value:
        case Enum():
            return f"{type(value).__name__}.{value.name}"
        case Mapping():
            items = (f"{_value(name)}: {_value(one)}" for name, one in value.items())
            return f"{{{', '.join(items)}}}"
        case tuple():
            return f"({', '.join(map(_value, value))}{',' if len(value) == 1 else ''})"
        case str() if value.isprintable():
            return json.dumps(value, ensure_ascii=False)
        case float() if value.is_integer():
            return str(int(value))
    return repr(value)


def _fault_words(faults: Sequence[Timed]) -> Iterator[str]:
    """Name what the file must import for its faults."""
    if faults:
        yield "during"
    for timed in faults:
        fault: Any = timed.fault
        yield type(fault).__name__
        values = (getattr(fault, one.name) for one in fields(fault))
        yield from (type(value).__name__ for value in values if isinstance(value, Enum))
