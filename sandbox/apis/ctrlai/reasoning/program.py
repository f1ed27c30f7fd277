"""The language of program units: JSON in the shape of JsonLogic, exact, total, and always at an end.

A program stands in a unit's `definition.program`. It is an object of steps, `{variable: expression}`, that run in the
order in which they are written, or a list of steps, `[{"set": variable, "to": expression}, ...]`. A step sees the
unit's inputs and what earlier steps have set; a list may not set a variable twice. Of what the steps set, the unit
gives what its `outputSchema` names (all of it where the unit has none). An expression is one of:

* a number, a string, `true` or `false`, which stand for themselves (there is no null);
* `{operator: [operand, ...]}`, one operator; a single operand needs no brackets: `{"!": {"var": "insured"}}`.

    var                     the variable of that name; ["name", default] if it may be missing
    + *                     of one number or more       - /   of two (- of one: the opposite)
    %                       the remainder, with the sign of the first number (as in JavaScript)
    min max                 of one number or more
    abs floor ceil          of one number
    round                   [number, digits]: half away from zero, to 0 (unless told) .. 12 decimals
    == === != !==           of two numbers, two strings or two booleans; two of different kinds are a failure
    < <= > >=               of two numbers, or of three: {"<=": [300, {"var": "creditScore"}, 850]}
    and or                  of one boolean or more, from the left, no further than needed       !   of one boolean
    if                      [condition, value, condition, value, ..., otherwise]: what is not chosen is not computed
    in                      [value, [value, ...]] member of a list, or [string, string] part of a text
    cat                     one text of numbers, strings and booleans

There is no truthiness: conditions are booleans. Numbers are exact fractions, so that 0.1 + 0.2 is 0.3 and 1 / 3 * 3 is
1 on every machine. What a program gives is an integer where it is whole, and else the nearest double.

A program has at most `MOST_NODES` values and operators, `DEEPEST` levels and `MOST_STEPS` steps; there are no loops, so
that running takes no longer than the program has parts. A number is at most `LARGEST` from zero, and a fraction of two
whole numbers of `MOST_BITS`; a text has at most `LONGEST_TEXT` characters. What goes wrong (a missing variable, a wrong
type, a division by zero, something too large) ends the program and is a `Failure` that says why and in which step; a
program that has failed gives nothing. `read` and `flaw` find what is wrong with a program before it is stored.

An example, complete: debt-to-income ratio and risk tier of a loan.

    {"name": "Credit Risk", "unitType": "program", "when": "credit risk, loan application",
     "inputSchema": {"monthlyDebt": "number", "monthlyIncome": "number", "creditScore": "integer"},
     "outputSchema": {"dti": "number", "riskTier": {"type": "string", "enum": ["low", "medium", "high"]}},
     "definition": {"program": {
       "dti": {"round": [{"/": [{"var": "monthlyDebt"}, {"var": "monthlyIncome"}]}, 4]},
       "riskTier": {"if": [
         {"and": [{"<=": [{"var": "dti"}, 0.36]}, {">=": [{"var": "creditScore"}, 700]}]}, "low",
         {"and": [{"<=": [{"var": "dti"}, 0.43]}, {">=": [{"var": "creditScore"}, 620]}]}, "medium",
         "high"]}}}}

A monthly debt of 1500, an income of 5000 and a score of 700 give `{"dti": 0.3, "riskTier": "low"}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.apis.ctrlai.reasoning.operations import (
    CHOOSERS,
    MANY,
    OPERATORS,
    Expression,
    Failed,
    Operator,
    Scope,
    Value,
    bounded,
    part,
    plain,
    same,
    value,
)
from sandbox.apis.ctrlai.reasoning.schema import is_name, kind_of
from sandbox.core.document import nearest
from sandbox.core.frozen import Frozen
from sandbox.core.problem import shown

MOST_NODES = MANY
MOST_STEPS = 200
DEEPEST = 32


class Failure(NamedTuple):
    """Why a program gave nothing: a stable word, the variable whose step failed, and a sentence."""

    cause: str
    step: str
    message: str


class Ran(NamedTuple):
    """What a program gave, as plain JSON in the order of its steps: all of it, or nothing and the failure."""

    values: Frozen
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is well made: its steps, and the variables that have to come from outside."""

    steps: tuple[tuple[str, Expression], ...]
    needs: tuple[str, ...]


class _Unfit(Exception):
    """The data are no program; the text says where and why. It never leaves this module."""


def read(data: object) -> Program | str:
    """Return the program that the data write, or what is wrong with them."""
    try:
        return _Reader().program(data)
    except _Unfit as unfit:
        return str(unfit)


def read_expression(data: object) -> Expression | str:
    """Return the expression that the data write, or what is wrong with them."""
    try:
        return _Reader().expression(data, DEEPEST)
    except _Unfit as unfit:
        return str(unfit)


def flaw(data: object) -> str | None:
    """Return what is wrong with a program, in one sentence that says where, or None."""
    found = read(data)
    return found if isinstance(found, str) else None


def run(data: object, given: Mapping[str, object]) -> Ran:
    """Run a program, read or not, over plain variables; whatever goes wrong is in the answer, never raised."""
    program = data if isinstance(data, Program) else read(data)
    if isinstance(program, str):
        return Ran(Frozen(), Failure("program-unfit", "", program))
    scope: dict[str, Any] = dict(given)
    for name, expression in program.steps:
        found = value_of(expression, scope, name)
        if isinstance(found, Failure):
            return Ran(Frozen(), found)
        scope[name] = found
    return Ran(Frozen((name, plain(scope[name])) for name, _ in program.steps), None)


def value_of(expression: Expression, scope: Scope, step: str) -> Value | Failure:
    """Return what an expression is worth where these variables have these values, or why it is worth nothing."""
    try:
        return expression(scope)
    except Failed as failed:
        return Failure(failed.cause, step, str(failed))


# Reading.


class _Reader:
    """Reads one program; counts its parts, and remembers what earlier steps set."""

    def __init__(self) -> None:
        self.left = MOST_NODES
        self.set: dict[str, None] = {}
        self.needs: dict[str, None] = {}

    def program(self, data: object) -> Program:
        written = _written(data)
        if not 0 < len(written) <= MOST_STEPS:
            raise _Unfit(f"expected 1 to {MOST_STEPS} steps, got {len(written)}")
        steps = []
        for name, each in written:
            if not is_name(name):
                raise _Unfit(f"expected a variable to set, got {_named(name)}")
            if name in self.set:
                raise _Unfit(f"{name}: expected a variable that no earlier step sets")
            steps.append((name, self._step(name, each)))
            self.set[name] = None
        return Program(tuple(steps), tuple(self.needs))

    def _step(self, name: str, data: object) -> Expression:
        try:
            return self.expression(data, DEEPEST)
        except _Unfit as unfit:
            raise _Unfit(f"{name}: {unfit}") from None

    def expression(self, data: object, depth: int) -> Expression:
        self._count(depth)
        if not isinstance(data, Mapping):
            return _constant(_literal(data))
        if len(data) != 1:
            raise _Unfit(f"expected an object of one operator, got {len(data)}")
        [(name, operands)] = data.items()
        listed = list(operands) if isinstance(operands, (list, tuple)) else [operands]
        if name == "var":
            return self._variable(listed)
        return self._operation(name, listed, depth - 1)

    def _count(self, depth: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise _Unfit(f"expected at most {MOST_NODES} values and operators")
        if depth <= 0:
            raise _Unfit(f"expected at most {DEEPEST} levels")

    def _variable(self, operands: list[object]) -> Expression:
        if not 1 <= len(operands) <= 2 or not is_name(operands[0]):
            raise _Unfit('var: expected the name of a variable, or ["name", default]')
        name = str(operands[0])
        if len(operands) == 2:
            return _looked_up(name, _literal(operands[1]))
        if name not in self.set:
            self.needs[name] = None
        return _looked_up(name, None)

    def _operation(self, name: object, operands: list[object], depth: int) -> Expression:
        if name == "in":
            return self._membership(operands, depth)
        word = name if isinstance(name, str) else ""
        known = OPERATORS.get(word) or CHOOSERS.get(word)
        if known is None:
            raise _Unfit(_unknown(name))
        if not known.least <= len(operands) <= known.most:
            raise _Unfit(f"{name}: expected {_span(known.least, known.most)}, got {len(operands)}")
        if name == "if" and len(operands) % 2 == 0:
            raise _Unfit(f"if: expected pairs of a condition and a value, and a value otherwise, got {len(operands)}")
        parts = [self.expression(each, depth) for each in operands]
        return _eager(known, parts) if isinstance(known, Operator) else known.build(parts)

    def _membership(self, operands: list[object], depth: int) -> Expression:
        if len(operands) != 2:
            raise _Unfit(f"in: expected 2 operands, got {len(operands)}")
        needle = self.expression(operands[0], depth)
        hay = operands[1]
        if isinstance(hay, (list, tuple)):
            self._count(depth)
            return _member(needle, [self.expression(each, depth - 1) for each in hay])
        return _part(needle, self.expression(hay, depth))


def _written(data: object) -> list[tuple[Any, Any]]:
    if isinstance(data, Mapping):
        return list(data.items())
    if not isinstance(data, (list, tuple)):
        raise _Unfit(f"expected an object or a list of steps, got {kind_of(data)}")
    for each in data:
        if not isinstance(each, Mapping) or set(each) != {"set", "to"}:
            raise _Unfit('expected steps of the form {"set": variable, "to": expression}')
    return [(each["set"], each["to"]) for each in data]


def _literal(data: object) -> Value:
    try:
        return value(data)
    except Failed as failed:
        raise _Unfit(str(failed)) from None


def _unknown(name: object) -> str:
    close = nearest(name, [*OPERATORS, *CHOOSERS, "in", "var"])
    return f"expected a known operator, got {_named(name)}" + (f" (did you mean {close}?)" if close else "")


def _named(name: object) -> str:
    return shown(name) if isinstance(name, str) else kind_of(name)


def _span(least: int, most: int) -> str:
    if least == most:
        return f"{least} operand{'s' if least > 1 else ''}"
    return f"{least} to {most} operands" if most < MANY else f"{least} operands or more"


# Running.


def _constant(made: Value) -> Expression:
    return lambda _scope: made


def _looked_up(name: str, default: Value | None) -> Expression:
    def look(scope: Scope) -> Value:
        if name in scope:
            return value(scope[name])
        if default is None:
            raise Failed("missing-variable", f"the variable {name} is missing")
        return default

    return look


def _eager(operator: Operator, parts: Sequence[Expression]) -> Expression:
    apply = operator.apply
    return lambda scope: bounded(apply([each(scope) for each in parts]))


def _member(needle: Expression, hay: Sequence[Expression]) -> Expression:
    def look(scope: Scope) -> Value:
        wanted = needle(scope)
        return any(same(wanted, each(scope)) for each in hay)

    return look


def _part(needle: Expression, hay: Expression) -> Expression:
    return lambda scope: part([needle(scope), hay(scope)])
