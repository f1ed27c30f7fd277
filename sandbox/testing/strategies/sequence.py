"""Calls as data: what is asked, in which order, and which values come of earlier answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sandbox.app import contract_of
from sandbox.core.frozen import Frozen

_LONGEST = 200


class Ref(NamedTuple):
    """What the answer to a step, counted from 1, has at a JSON pointer: `Ref(1, "/data/id")`, in text `{1.data.id}`."""

    step: int
    pointer: str

    @property
    def path(self) -> tuple[str, ...]:
        """Return the names that the pointer goes through."""
        return tuple(each.replace("~1", "/").replace("~0", "~") for each in self.pointer.split("/")[1:])

    def __repr__(self) -> str:
        return f"{{{'.'.join((str(self.step), *self.path))}}}"

    def __str__(self) -> str:
        return repr(self)


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One call: the operation, the values of its path and query, its body, and what is wrong with it, if anything.

    Values may be a `Ref`, in a body at any depth. `body` is None where none is sent. `method` replaces the operation's
    own. `link` names the contract's link that the call follows, and the operation whose link that is.
    """

    operation: str
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    wrong: str = ""
    method: str = ""
    link: tuple[str, str] = ("", "")

    def __repr__(self) -> str:
        said = [f"{name}={_shown(each)}" for name, each in (*self.path.items(), *self.query.items())]
        said += [] if self.body is None else [f"body={_shown(self.body)}"]
        marks = (f" by {self.method}" if self.method else "") + (f"  # wrong: {self.wrong}" if self.wrong else "")
        return f"{self.operation}({', '.join(said)}){marks}"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    def refs(self) -> tuple[Ref, ...]:
        """Return every reference to an earlier answer."""
        return tuple(each for part in (self.path, self.query, self.body) for each in refs_in(part))


@dataclass(frozen=True, slots=True, repr=False)
class Calls:
    """A sequence of calls to one API; as text, one numbered line a call."""

    api: str
    calls: tuple[Call, ...]

    def __iter__(self) -> Iterator[Call]:
        return iter(self.calls)

    def __len__(self) -> int:
        return len(self.calls)

    def __getitem__(self, at: int) -> Call:
        return self.calls[at]

    def __repr__(self) -> str:
        return "\n".join(f"{at}. {each}" for at, each in enumerate(self.calls, 1))

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        for line in repr(self).splitlines():
            printer.break_()
            printer.text(line)

    def method(self, call: Call) -> str:
        """Return the method that a call is made by."""
        return call.method or contract_of(self.api).operations[call.operation].method

    def shorter(self) -> Iterator[Calls]:
        """Yield sequences that lack a call that no other needs, or a query value, or refer to an earlier like step."""
        for at in range(len(self.calls) - 1, -1, -1):
            rest = self._without(at + 1)
            if rest is not None:
                yield rest
        for at, call in enumerate(self.calls):
            for name in call.query:
                query = Frozen((each, value) for each, value in call.query.items() if each != name)
                yield replace(self, calls=(*self.calls[:at], replace(call, query=query), *self.calls[at + 1 :]))

        for at, call in enumerate(self.calls):
            for ref in dict.fromkeys(call.refs()):
                earlier = (
                    step
                    for step in range(1, ref.step)
                    if self.calls[step - 1].operation == self.calls[ref.step - 1].operation
                )
                for step in earlier:
                    moved = _mapped(call, {ref: ref._replace(step=step)})
                    yield replace(self, calls=(*self.calls[:at], moved, *self.calls[at + 1 :]))

    def _without(self, step: int) -> Calls | None:
        if len(self.calls) == 1 or any(ref.step == step for call in self.calls for ref in call.refs()):
            return None
        rest = self.calls[: step - 1] + self.calls[step:]
        return replace(self, calls=tuple(_renumbered(each, step) for each in rest))

    def key(self) -> bytes:
        """Return what two sequences have in common that ask for the same."""
        return repr([(each.operation, each.method, plain_refs(each.path), plain_refs(each.query), plain_refs(each.body))
                     for each in self.calls]).encode("utf-8", "surrogatepass")  # fmt: skip


def _renumbered(call: Call, gone: int) -> Call:
    return _mapped(call, {ref: ref._replace(step=ref.step - 1) for ref in call.refs() if ref.step > gone})


def _mapped(call: Call, others: Mapping[Ref, Ref]) -> Call:
    """Return the call with these references replaced."""
    path, query, body = (
        kept(filled(each, lambda ref: others.get(ref, ref))) for each in (call.path, call.query, call.body)
    )
    return replace(call, path=path, query=query, body=body)


def refs_in(value: Any) -> Iterator[Ref]:
    """Yield the references in a value, at any depth."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Mapping):
        yield from (one for each in value.values() for one in refs_in(each))
    elif isinstance(value, (list, tuple)):
        yield from (one for each in value for one in refs_in(each))


def filled(value: Any, fill: Callable[[Ref], Any]) -> Any:
    """Return the value as plain JSON with every reference replaced by what `fill` makes of it."""
    if isinstance(value, Ref):
        return fill(value)
    if isinstance(value, Mapping):
        return {name: filled(each, fill) for name, each in value.items()}
    return [filled(each, fill) for each in value] if isinstance(value, (list, tuple)) else value


def kept(value: Any) -> Any:
    """Return a drawn value so that nobody can change it; references stay what they are."""
    if isinstance(value, Mapping):
        return Frozen((name, kept(each)) for name, each in value.items())
    return value if isinstance(value, Ref) or not isinstance(value, (list, tuple)) else tuple(map(kept, value))


def plain_refs(value: Any) -> Any:
    """Return the value as ordinary dicts and lists, references as their text."""
    return filled(value, str)


def _shown(value: Any) -> str:
    text = _written(value)
    return text if len(text) <= 2 * _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name!r}: {_written(each)}" for name, each in value.items()) + "}"
    if isinstance(value, (list, tuple)) and not isinstance(value, Ref):
        return "[" + ", ".join(map(_written, value)) + "]"
    return repr(value)
