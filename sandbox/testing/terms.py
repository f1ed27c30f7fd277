"""What a world of a test is like, checked before there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sandbox.apis.aikraft.law import PLANS, SCOPES
from sandbox.apis.ctrlai.law import ROLES
from sandbox.settings import APIS

WORLD, REAL = "world", "real"
LONGEST_LABEL = 200
_WORDS: Mapping[str, tuple[str, ...]] = {
    "api": APIS,
    "plan": ("", *PLANS),
    "scope": ("", *SCOPES),
    "role": ("", *ROLES),
    "sleep": (WORLD, REAL),
}
_OWN_TERMS = {"aikraft": ("plan", "scope"), "ctrlai": ("role",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The API and the fixture of a world, what plays in it, its clock, its key, and whether sleeping moves the clock.

    `scenario` is a name, a document, or nothing. `clock` is written as `sandbox serve --clock` takes it; a time alone
    freezes there. `plan` and `scope` are Aikraft's, `role` is Ctrl AI's; empty means `pro`, `admin` and `admin`.
    """

    api: str = "aikraft"
    fixture: str = "default"
    scenario: str | Mapping[str, Any] | None = None
    clock: str = ""
    plan: str = ""
    scope: str = ""
    role: str = ""
    sleep: str = WORLD

    def __post_init__(self) -> None:
        for name, words in _WORDS.items():
            given = getattr(self, name)
            if given not in words:
                raise ValueError(f"{name}: expected one of {', '.join(filter(None, words))}, got {given!r}")
        foreign = [name for api, names in _OWN_TERMS.items() if api != self.api for name in names]
        for name in foreign:
            if getattr(self, name):
                raise ValueError(f"{name}: keys of {self.api} have none")

    def key(self, label: str) -> str:
        """Return the key that opens the world of this label, the same in every run."""
        digest = sha256(label.encode("utf-8", "surrogatepass")).hexdigest()
        if self.api == "ctrlai":
            return f"ctrlai_pk_7e57{digest[:28]}"
        return f"ak_test_{self.plan or 'pro'}_{digest[:24]}"

    @property
    def other_key(self) -> Mapping[str, str]:
        """Return the terms of a key that the world's first one is not, or nothing if that will do."""
        if self.api == "ctrlai":
            return {"role": self.role} if self.role else {}
        return {"plan": self.plan or "pro", "scope": self.scope} if self.scope else {}


def label_of(name: str) -> str:
    """Return a name as a world's label: not empty, and of a length that the control plane takes."""
    name = name.encode("utf-8", "replace").decode()
    if not name.strip():
        return "sandbox"
    return name if len(name) <= LONGEST_LABEL else f"{name[:183]} {sha256(name.encode()).hexdigest()[:16]}"
