"""What a unit does when it fires, by its type, inside the structure that its `definition` gives.

| type | items | what they come to |
|---|---|---|
| program | steps | the variables that they set |
| framework | weighted `factors` | `score`: the weighted mean |
| pattern | `features` that hold or not | `score`: the share that holds; `met`: at least `threshold` of them, or half |
| argument | `evidence` that holds or not | `score`: the share that holds; `met`: all of it |
| protocol | `steps` that hold or not | `score`: the share that holds; `met`: all of them |

All but programs then give their outputs by `results` (a program that sees the inputs, `score`, `count` and `met`), or,
without it, by type: the first number is the score, the first integer the count (a framework: the rounded score), the
first boolean whether it is met (a framework: a score of at least one half), the first string with choices the one in
whose part of 0..1 the score falls. A unit without items tells its THEN, and gives no variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from types import MappingProxyType
from typing import Any, NamedTuple

from sandbox.apis.ctrlai.reasoning.operations import Expression, Failed, bounded, plain, value
from sandbox.apis.ctrlai.reasoning.program import Failure, Program, Ran, read, read_expression, run, value_of
from sandbox.apis.ctrlai.reasoning.schema import Variable, fits
from sandbox.core.frozen import Frozen

MOST_ITEMS = 100
ANY = "any"
"""The type of what a program without an output schema gives."""

ITEMS = MappingProxyType(
    {
        "framework": ("factors", "name", "score"),
        "pattern": ("features", "name", "holds"),
        "argument": ("evidence", "text", "holds"),
        "protocol": ("steps", "text", "holds"),
    }
)
"""Where each type keeps its items, what an item is called there, and which of its fields is the expression."""


class Item(NamedTuple):
    """A factor, a feature, a piece of evidence or a step; without an expression it holds."""

    text: str
    weight: Fraction
    expression: Expression | None


@dataclass(frozen=True, slots=True)
class Structure:
    """What a unit's definition says, read; `flaw` is what cannot be read in it."""

    type: str
    program: Program | None = None
    items: tuple[Item, ...] = ()
    threshold: int | None = None
    flaw: str | None = None


def computes(kind: str, definition: object) -> bool:
    """Tell whether a unit says how it computes variables, and does not only tell its THEN; it may say so wrongly."""
    told = definition if isinstance(definition, Mapping) else {}
    if kind == "program":
        return told.get("program") is not None
    return bool(told.get(ITEMS[kind][0])) or told.get("results") is not None


class Done(NamedTuple):
    """What came of a unit: its outputs, why there are none, and the items that held."""

    values: Frozen
    failure: Failure | None = None
    held: tuple[str, ...] = ()


class _Unfit(Exception):
    """The definition cannot be read; the text says why. It never leaves this module."""


def structure(kind: str, definition: object) -> Structure:
    """Return what a unit's definition says; what it says that cannot be read is its flaw."""
    told = definition if isinstance(definition, Mapping) else {}
    try:
        if kind == "program":
            return Structure(kind, _program(told, "program"))
        return Structure(kind, _program(told, "results"), _items(kind, told), _threshold(told))
    except _Unfit as unfit:
        return Structure(kind, flaw=str(unfit))


def flaw(kind: str, definition: object) -> str | None:
    """Return what is wrong with the definition of a unit of this type, in one sentence that says where, or None."""
    return structure(kind, definition).flaw


def do(made: Structure, given: Mapping[str, Any], outputs: Sequence[Variable]) -> Done:
    """Run a unit over its inputs; whatever goes wrong is in the answer."""
    if made.flaw:
        return Done(Frozen(), Failure("program-unfit", "", made.flaw))
    if made.type == "program":
        return _checked(run(made.program, given) if made.program else Ran(Frozen(), None), outputs, ())
    return _framed(made, given, outputs) if made.items or made.program else Done(Frozen())


def _framed(made: Structure, given: Mapping[str, Any], outputs: Sequence[Variable]) -> Done:
    scores: list[Fraction] = []
    for item in made.items:
        found = _score(item, given, made.type)
        if isinstance(found, Failure):
            return Done(Frozen(), found)
        scores.append(found)
    known = _known(made, scores)
    if isinstance(known, Failure):
        return Done(Frozen(), known)
    held = tuple(item.text for item, score in zip(made.items, scores, strict=True) if score or made.type == "framework")
    ran = run(made.program, {**given, **known}) if made.program else Ran(Frozen(_by_type(known, outputs)), None)
    return _checked(ran, outputs, held)


def _score(item: Item, given: Mapping[str, Any], kind: str) -> Fraction | Failure:
    if item.expression is None:
        return Fraction(1)
    found = value_of(item.expression, given, item.text)
    if isinstance(found, Failure):
        return found
    expected = Fraction if kind == "framework" else bool
    if not isinstance(found, expected):
        word = "number" if kind == "framework" else "boolean"
        return Failure("wrong-type", item.text, f"expected a {word}")
    return Fraction(found)


def _known(made: Structure, scores: Sequence[Fraction]) -> dict[str, Any] | Failure:
    score = _mean(made.items, scores)
    if isinstance(score, Failure):
        return score
    size = len(scores)
    if made.type == "framework":
        return {"score": score, "count": size, "met": score * 2 >= 1, "rounded": floor(score + Fraction(1, 2))}
    count = int(sum(scores))
    enough = made.threshold if made.threshold is not None else -(-size // 2)
    met = count >= (enough if made.type == "pattern" else size)
    return {"score": score, "count": count, "met": met, "rounded": count}


def _mean(items: Sequence[Item], scores: Sequence[Fraction]) -> Fraction | Failure:
    if not items:
        return Fraction(1)
    total = above = Fraction(0)
    try:
        for item, score in zip(items, scores, strict=True):
            total, above = bounded(total + item.weight), bounded(above + item.weight * score)
        return bounded(above / total) if total else Failure("division-by-zero", "score", "all weights are 0")
    except Failed as failed:
        return Failure(failed.cause, "score", str(failed))


def _by_type(known: Mapping[str, Any], outputs: Iterable[Variable]) -> Iterable[tuple[str, Any]]:
    kinds: set[str] = set()
    for each in outputs:
        if each.type in kinds or (each.type == "string" and not each.enum):
            continue
        kinds.add(each.type)
        yield each.name, _of_type(each, known)


def _of_type(variable: Variable, known: Mapping[str, Any]) -> Any:
    score = known["score"]
    if variable.type == "boolean":
        return known["met"]
    if variable.type == "string":
        place = floor(score * len(variable.enum))
        return variable.enum[min(max(place, 0), len(variable.enum) - 1)]
    if variable.type == "integer":
        return known["rounded"]
    return plain(score)


def suits(found: object, variable: Variable) -> bool:
    """Tell whether a variable may have this value; one without a declared type may have any."""
    return variable.type == ANY or fits(found, variable)


def _checked(ran: Ran, outputs: Sequence[Variable], held: tuple[str, ...]) -> Done:
    if ran.failure is not None:
        return Done(Frozen(), ran.failure)
    given = [each for each in outputs if each.name in ran.values]
    for each in given:
        if not suits(ran.values[each.name], each):
            choices = " among its choices" if each.enum else ""
            return Done(Frozen(), Failure("wrong-type", each.name, f"expected a {each.type}{choices}"))
    return Done(Frozen((each.name, ran.values[each.name]) for each in given), None, held)


# Reading a definition.


def _program(told: Mapping[str, Any], field: str) -> Program | None:
    if told.get(field) is None:
        return None
    found = read(told[field])
    if isinstance(found, str):
        raise _Unfit(f"{field}: {found}")
    return found


def _items(kind: str, told: Mapping[str, Any]) -> tuple[Item, ...]:
    if kind not in ITEMS or told.get(ITEMS[kind][0]) is None:
        return ()
    field, title, expression = ITEMS[kind]
    listed = told[field]
    if not isinstance(listed, (list, tuple)) or len(listed) > MOST_ITEMS:
        raise _Unfit(f"{field}: expected an array of at most {MOST_ITEMS}")
    return tuple(_item(f"{field}[{at}]", each, title, expression) for at, each in enumerate(listed))


def _item(where: str, told: object, title: str, field: str) -> Item:
    if isinstance(told, str):
        return Item(told, Fraction(1), None)
    if not isinstance(told, Mapping):
        raise _Unfit(f"{where}: expected an object")
    text = next((told[each] for each in (title, "name", "text", "id") if isinstance(told.get(each), str)), where)
    if told.get(field) is None:
        return Item(text, _weight(where, told), None)
    found = read_expression(told[field])
    if isinstance(found, str):
        raise _Unfit(f"{where}.{field}: {found}")
    return Item(text, _weight(where, told), found)


def _weight(where: str, told: Mapping[str, Any]) -> Fraction:
    try:
        weight = value(told.get("weight", 1))
    except Failed as failed:
        raise _Unfit(f"{where}.weight: {failed}") from None
    if not isinstance(weight, Fraction) or weight < 0:
        raise _Unfit(f"{where}.weight: expected a number that is not negative")
    return weight


def _threshold(told: Mapping[str, Any]) -> int | None:
    found = told.get("threshold")
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise _Unfit("threshold: expected how many features have to hold")
    return found
