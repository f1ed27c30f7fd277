"""Peers from npm: installed once, at a pinned version, into a cache of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.server import Unavailable

_DONE = ".installed"


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the npm registry and the one version that is measured."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


def cache() -> Path:
    """Where peers are kept between runs: `$BENCH_PEERS`, or a folder in the user's cache."""
    if chosen := os.environ.get("BENCH_PEERS"):
        return Path(chosen)
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "aikraft-sandbox" / "bench-peers"


def install(package: Package) -> Path:
    """The folder of an installed package; its install scripts never run, so nothing is fetched beside the registry."""
    prefix = cache() / str(package).strip("@").replace("/", "-")
    if not (prefix / _DONE).exists():
        shutil.rmtree(prefix, ignore_errors=True)
        _npm(package, prefix)
        (prefix / _DONE).touch()
    return prefix / "node_modules" / package.name


def forget() -> None:
    """Drops every cached peer."""
    shutil.rmtree(cache(), ignore_errors=True)


def node() -> str:
    """The path of node; unavailable without it."""
    if found := shutil.which("node"):
        return found
    raise Unavailable("node is not installed")


def _npm(package: Package, prefix: Path) -> None:
    if not shutil.which("npm"):
        raise Unavailable("npm is not installed")
    prefix.mkdir(parents=True)
    (prefix / "package.json").write_text('{"private": true}')
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command = ["npm", "install", "--prefix", str(prefix), *flags, str(package)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        raise Unavailable(f"npm could not install {package}: {_cause(said.stderr)}")


def _cause(errors: str) -> str:
    lines = [line.removeprefix("npm error ") for line in errors.splitlines() if line.startswith("npm error")]
    return " / ".join(lines[:2])[:200] or "no reason given"
