"""What a language has to bring for the Annex IV document; one module a language holds the words."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence or two with named fields, and the tiers that they are true for; no tier named means all."""

    text: str
    tiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """One language: names of things, and for every section its title and passages.

    `point` has the fields `where` and `area`, `excepted` has `annex`, `day` has `day`, `month` and `year`; `first` is
    the first day of a month. A passage may use `name`, `description`, `purpose`, `domain`, `tier`, `annex`, `factors`,
    `obligations`, `classified` and `created`.
    """

    tiers: Mapping[str, str]
    areas: tuple[str, ...]
    point: str
    excepted: str
    outside: str
    none: str
    months: tuple[str, ...]
    day: str
    separator: str
    first: str
    obligations: Mapping[str, str]
    titles: tuple[str, ...]
    passages: tuple[tuple[Passage, ...], ...]


HIGH = ("high",)
LIMITED = ("limited",)
MINIMAL = ("minimal",)
BANNED = ("unacceptable",)
LIGHT = ("limited", "minimal")
