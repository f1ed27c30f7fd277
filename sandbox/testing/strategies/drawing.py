"""Whole sequences of calls, drawn from the contract: each call is asked afresh or follows from an earlier one.

Theory of operation. A sequence grows call by call, and every value that a call takes of an earlier one is found in what
is there by then. So whatever Hypothesis leaves out while it shrinks, what follows finds another value or falls away:
no reference leads into nothing. Whether an answer really has what is referred to shows when the sequence is played.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from hypothesis import strategies as st

from sandbox.core.contract import Operation
from sandbox.core.frozen import Frozen
from sandbox.testing.strategies.body import bodies, operation_of
from sandbox.testing.strategies.links import NEXT_PAGE, PATH, Atlas, Link, Slot, atlas_of, path_names, schema_of
from sandbox.testing.strategies.owning import own_steps
from sandbox.testing.strategies.rows import systems, units
from sandbox.testing.strategies.sequence import Call, Calls, Ref, kept, refs_in
from sandbox.testing.strategies.values import Json, Values, plain
from sandbox.testing.strategies.wrong import spoilt

_OWN = {("aikraft", "createSystem"): systems, ("ctrlai", "createUnit"): units}
_PAGES: Mapping[str, Json] = {"limit": st.integers(1, 5), "offset": st.integers(0, 3), "format": st.just("json")}
"""What is asked of pages: few rows, so that there are several, as JSON."""


_GO_ON, _FOURTH = st.integers(0, 4), st.integers(0, 3)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What sequences are drawn of: the operations; whether some calls are wrong; whether the ids that the contract
    shows may be asked for; whether a write may name only what the sequence itself has created."""

    operations: tuple[str, ...]
    wrong: bool = False
    examples: bool = True
    own: bool = False


def calls(
    api: str, operations: Iterable[str] | None = None, *, valid: bool = True, max_calls: int = 6
) -> st.SearchStrategy[Calls]:
    """Return sequences of up to so many calls to these operations, or to all.

    Every call fits the contract; with `valid=False` some do not, and say what is wrong with them. ValueError names an
    operation that is not known.
    """
    contract = atlas_of(api).contract
    named = tuple(contract.operations if operations is None else operations)
    for name in named:
        operation_of(contract, name)
    return sequences(api, Wishes(named, wrong=not valid), max_calls)


def sequences(api: str, wishes: Wishes, most: int) -> st.SearchStrategy[Calls]:
    """Return sequences as these wishes are, of one to `most` calls."""
    atlas = atlas_of(api)

    @st.composite
    def drawn(draw: st.DrawFn) -> Calls:
        grown: tuple[Call, ...] = ()
        while len(grown) < most and (not grown or draw(_GO_ON)):
            call = _Next(api, atlas, wishes, draw, grown).call()
            if call is None:
                break
            grown += (call,)
        return Calls(api, grown)

    return drawn().filter(len)


@cache
def _bodies(api: str, operation: str) -> Json:
    own = _OWN.get((api, operation))
    return own() if own else bodies(api, operation)


class _Next:
    """Draws the next call of a sequence."""

    def __init__(self, api: str, atlas: Atlas, wishes: Wishes, draw: st.DrawFn, before: tuple[Call, ...]) -> None:
        self.api, self.atlas, self.wishes, self.draw, self.before = api, atlas, wishes, draw, before

    def call(self) -> Call | None:
        """Return a further call, or None where none can be asked for."""
        call = self._right()
        if call is None or not self.wishes.wrong or self.draw(st.integers(0, 2)) < 2:
            return call
        return spoilt(self.draw, self.api, self.atlas, call)

    def _right(self) -> Call | None:
        made = [
            each for each in self.before if not each.wrong and self._operation(each.operation).success.status == 201
        ]
        # The same creation once more, now and then: that is how names come to clash.
        if made and self.draw(st.integers(0, 7)) == 7:
            return self.draw(st.sampled_from(made[::-1]))
        ways = self._ways()
        if ways and self.draw(_FOURTH) > 0:
            way: tuple[int, Link] = self.draw(st.sampled_from(ways))
            return self._followed(*way)
        known = [each for each in self.wishes.operations if self._reachable(self._operation(each), {})]
        return self._asked(self._operation(self.draw(st.sampled_from(known))), {}, {}) if known else None

    def _operation(self, name: str) -> Operation:
        return self.atlas.contract.operations[name]

    @cached_property
    def _own(self) -> frozenset[int]:
        return own_steps(self.atlas.contract, self.before)

    def _ways(self) -> list[tuple[int, Link]]:
        """Return the links that lead on from here, those of the latest call first."""
        ways = [
            (step, link) for step, call in enumerate(self.before, 1) if not call.wrong
            for link in self.atlas.links_of(call.operation)
            if link.target in self.wishes.operations and self._leads_on(step, call, link)
        ]  # fmt: skip
        return ways[::-1]

    def _leads_on(self, step: int, call: Call, link: Link) -> bool:
        """Tell whether everything that the link's call needs can be had, and may be."""
        given = link.follow(step, call)
        if given is None or (link.shows and not self.wishes.examples):
            return False
        return self._reachable(self._operation(link.target), given.path, set(given.body))

    def _reachable(self, operation: Operation, path: Mapping[str, Any], body: Iterable[str] = ()) -> bool:
        """Tell whether every path value can be had, and every id that the body needs beside those it is given."""
        if any(not self._may(operation, each) for each in path.values()):
            return False
        missing = set(self.atlas.ids[operation.id].needed) - set(body)
        if not self.wishes.examples and any(not self.atlas.found(each, self.before) for each in missing):
            return False
        return all(self._values(operation, each) for each in self._slots(operation, PATH) if each.name not in path)

    def _may(self, operation: Operation, value: Any) -> bool:
        """Tell whether a call may name this in its path: a write perhaps only what the sequence has created."""
        free = not self.wishes.own or operation.method == "GET"
        return free or (isinstance(value, Ref) and value.step in self._own)

    def _slots(self, operation: Operation, place: str) -> list[Slot]:
        return [each for each in self.atlas.slots[operation.id] if each.place == place]

    def _values(self, operation: Operation, slot: Slot) -> list[Any]:
        """Return what a slot may be filled with: earlier answers, the nearest first, then what the contract shows."""
        shown = self.atlas.examples.get(slot.kind, ()) if self.wishes.examples else ()
        found = [*self.atlas.found(slot.kind, self.before), *map(plain, shown)]
        return [each for each in found if slot.place != PATH or self._may(operation, each)]

    def _followed(self, step: int, link: Link) -> Call:
        given = link.follow(step, self.before[step - 1])
        if given is None:
            raise ValueError(f"link {link.name} of {link.source}: it does not lead on from step {step}")
        call = self._asked(self._operation(link.target), given.path, given.query, more=link.name != NEXT_PAGE)
        if given.body and isinstance(call.body, Mapping):
            call = replace(call, body=kept({**call.body, **given.body}))
        return replace(call, link=(link.source, link.name))

    def _asked(
        self, operation: Operation, path: Mapping[str, Any], query: Mapping[str, Any], *, more: bool = True
    ) -> Call:
        values = {
            each.name: path[each.name]
            if each.name in path
            else self.draw(st.sampled_from(self._values(operation, each)))
            for each in self._slots(operation, PATH)
        }
        ordered = Frozen((name, values[name]) for name in path_names(operation))
        asked = {**(self._query(operation) if more else {}), **query}
        return Call(operation.id, ordered, Frozen(asked), kept(self._body(operation)))

    def _query(self, operation: Operation) -> Mapping[str, Any]:
        asked: dict[str, Any] = {}
        for each in operation.query:
            if each.name != "cursor" and self.draw(_FOURTH) == 3:
                value = self.draw(self._query_values(operation, each.name))
                asked |= {} if value is None else {each.name: value}
        return asked

    def _query_values(self, operation: Operation, name: str) -> Json:
        parameter = next(each for each in operation.query if each.name == name)
        schema = schema_of(self.atlas.contract, operation, parameter)
        if name in _PAGES:
            return _PAGES[name]
        if "enum" in schema:
            return Values(self.atlas.contract.document).of(schema, name)
        slot = next(each for each in self.atlas.slots[operation.id] if each.name == name)
        return st.sampled_from(self._values(operation, slot) or [None])

    def _body(self, operation: Operation) -> Any:
        if operation.body is None or (not operation.body.required and not self.draw(st.booleans())):
            return None
        body = self.draw(_bodies(self.api, operation.id))
        return self._referring(operation, body) if isinstance(body, Mapping) else body

    def _referring(self, operation: Operation, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the body with its ids taken of earlier answers; without examples, with no others."""
        ids = self.atlas.ids[operation.id]
        made = dict(body)
        for name in [each for each in body if each in ids.all]:
            found = self.atlas.found(name, self.before)
            if found and (not self.wishes.examples or self.draw(st.booleans())):
                ref = self.draw(st.sampled_from(found))
                made[name] = [ref] if name in ids.lists else ref
            elif not self.wishes.examples and not any(refs_in(body[name])):
                made[name] = []
                if name not in ids.lists:
                    del made[name]
        return made
