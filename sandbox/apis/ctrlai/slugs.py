"""Names as they stand in addresses: lower case, with hyphens, and one of a kind."""

from __future__ import annotations

import re
import unicodedata

from sandbox.core.problem import Problem, shown
from sandbox.core.workspace import Table

_APART = re.compile(r"[^a-z0-9]+")


def slug_of(name: str) -> str:
    """Return the slug of a name; accents fall away, and 400 is raised if no letter or digit is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = _APART.sub("-", plain).strip("-")
    if not slug:
        message = f"{shown(name)!r} has no letter from A to Z and no digit to make a slug of."
        raise Problem(400, "name-unfit", message, field="name", issue="Expected a letter or digit to make a slug of")
    return slug


def refuse_taken(table: Table, unique: str, slug: str, *, reserved: tuple[str, ...] = ()) -> None:
    """Raise 409 if a row of the table holds the unique value, or the slug is reserved."""
    if slug in reserved or table.owner(unique) is not None:
        raise Problem(409, "slug-taken", f"The slug {shown(slug)!r} is taken: choose another name.", field="name")
