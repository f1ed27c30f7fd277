"""Whether a green run is hollow: which declared links were followed to an answer, and why the others were not."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from sandbox.check.judge import declared_links
from sandbox.check.ledger import Ledger
from sandbox.check.walking import STATEFUL
from sandbox.core.contract import Contract

_SHOWN = 4


class Missed(NamedTuple):
    """A link that was never followed to a 2xx, and the likely reason."""

    link: str
    because: str


class Links(NamedTuple):
    """The declared links: how many could be covered, which were not, which are out of reach; and the guessed ones."""

    reachable: int
    missed: tuple[Missed, ...]
    beyond: tuple[str, ...]
    guessed: int
    guessed_covered: int

    @property
    def covered(self) -> int:
        """Return how many declared links were followed to a 2xx."""
        return self.reachable - len(self.missed)

    @property
    def percent(self) -> int:
        """Return how many of the reachable ones that is, rounded down; without any it is all."""
        return 100 * self.covered // self.reachable if self.reachable else 100


def links_of(contract: Contract, ledger: Ledger) -> Links:
    """Return how the declared links fared; a link is beyond reach if no operation that was looked at leads there."""
    found = {name.rpartition("-> ")[0] + "-> ": name for name in ledger.links if name not in ledger.inferred}
    declared = list(declared_links(contract))
    reachable = [found[each] for each in declared if each in found]
    missed = tuple(Missed(name, _reason(ledger, name)) for name in reachable if not ledger.links[name])
    beyond = tuple(each.removesuffix(" -> ") for each in declared if each not in found)
    covered = sum(bool(ledger.links[name]) for name in ledger.inferred)
    return Links(len(reachable), missed, beyond, len(ledger.inferred), covered)


def _reason(ledger: Ledger, link: str) -> str:
    came = Counter({status: count for (name, status), count in ledger.followed.items() if name == link})
    if came:
        return _told("followed", came)
    source = link.partition(" -> ")[0]
    begun = Counter(
        {status: n for (phase, label, status), n in ledger.answers.items() if (phase, label) == (STATEFUL, source)}
    )
    if not begun:
        return f"{source} was never asked in a sequence"
    return _told(source, begun) if not any(200 <= each < 300 for each in begun) else f"no answer of {source} led there"


def _told(what: str, came: Counter[int]) -> str:
    shown = ", ".join(f"{status} ×{count}" for status, count in came.most_common(_SHOWN))
    if came[429] * 2 > came.total():
        return f"{what}: mostly 429 ({shown}): the quota is used up"
    if set(came) <= {401, 403}:
        return f"{what}: only {shown}: the key may not"
    return f"{what}: only {shown}"
