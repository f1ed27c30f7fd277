"""The pages on which a person signs in, made of nothing but what stands in them: no script, no image, no network.

Invented: the documents name the ways to sign in (a link by e-mail, GitHub, Google, LinkedIn, OIDC) and show no page.
Here the users of the fixture stand in for all of them, and nobody needs a password.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from sandbox.core.frozen import Frozen
from sandbox.core.message import Headers

KIND = "text/html; charset=utf-8"
MOST_USERS = 200
"""So many users have a button; the others can still type their address."""

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS: Headers = (
    ("Content-Security-Policy", _POLICY),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
"""Nothing but what stands in the page, forms to this sandbox alone, and no frame around it."""

_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 34rem; overflow-wrap: anywhere; padding: 2rem 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
ul { list-style: none; margin: 1.5rem 0; padding: 0; }
li { margin: 0 0 .5rem; }
form { margin: 0; }
button, input { border: 1px solid GrayText; border-radius: .375rem; box-sizing: border-box; font: inherit;
  padding: .625rem .75rem; width: 100%; }
button { background: ButtonFace; color: ButtonText; cursor: pointer; text-align: start; }
button:hover { border-color: LinkText; }
button:focus-visible, input:focus-visible, a:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
label { display: block; font-weight: 600; margin: 0 0 .25rem; }
input { margin: 0 0 .75rem; }
small { display: block; }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}</main>
</body>
</html>
"""
_BUTTON = """<li><form method="post" action="signin">
<input type="hidden" name="email" value="{email}">
<button type="submit"><strong>{name}</strong> <small>{email}{roles}</small></button>
</form></li>
"""
_ADDRESS = """<form method="post" action="signin">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="email" required>
<button type="submit">Sign in with this address</button>
</form>
"""
_AGAIN = """<form method="post" action="signout">
<button type="submit">Sign out</button>
</form>
"""


def sign_in_page(people: Sequence[tuple[Frozen, Iterable[str]]]) -> bytes:
    """Return the page that lists these users, each with what they are where, and has a field for another address."""
    buttons = "".join(_button(user, roles) for user, roles in people[:MOST_USERS])
    parts = ["<p>This is a sandbox: choose who to be. No password is asked for, and no mail is sent.</p>\n"]
    parts += [f"<ul>\n{buttons}</ul>\n"] if buttons else []
    if len(people) > MOST_USERS:
        parts.append(f"<p>{MOST_USERS} of {len(people)} users are listed.</p>\n")
    return _page("Sign in to Ctrl AI", "".join((*parts, _ADDRESS)))


def _button(user: Frozen, roles: Iterable[str]) -> str:
    said = "".join(f" · {escape(each)}" for each in roles)
    return _BUTTON.format(email=escape(user["email"]), name=escape(user["name"]), roles=said)


def signed_in_page(user: Frozen, org: Frozen, role: str) -> bytes:
    """Return the page that says who somebody is now."""
    who, where = escape(user["name"]), escape(org["name"])
    content = f"<p>You are <strong>{who}</strong>, {escape(role)} of {where}, until the browser is closed.</p>\n"
    return _page("Signed in to Ctrl AI", content + _AGAIN)


def signed_out_page() -> bytes:
    """Return the page that says that nobody is signed in any more."""
    return _page("Signed out of Ctrl AI", '<p>Your session has ended. <a href="signin">Sign in again</a></p>\n')


def _page(title: str, content: str) -> bytes:
    return _PAGE.format(title=title, style=_STYLE, content=content).encode("utf-8", "replace")
