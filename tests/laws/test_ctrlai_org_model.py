"""Ctrl AI's organisations, members, keys and domains against a small model: sets and dicts that a reader can check by eye."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from sandbox.apis.ctrlai.times import iso_millis
from sandbox.core.clock import MINUTE, SECOND
from tests.acme import OWN, Acme, said

RANKS = {"viewer": 0, "reviewer": 1, "author": 2, "admin": 3}
FOUNDER = "adam@acme.example"
roles = st.sampled_from(sorted(RANKS))
people = st.sampled_from(["ann@x.example", "bob@x.example", "cleo@x.example", FOUNDER])
words = st.text("ab", min_size=1, max_size=2)


class Org:
    """What the model knows of an organisation: roles by address, live keys, domains, who is in them."""

    def __init__(self, slug):
        self.slug, self.name, self.roles, self.keys, self.domains = slug, slug, {FOUNDER: "admin"}, {}, {}

    def admins(self):
        return [each for each, role in self.roles.items() if role == "admin"]


class Held:
    """A credential: whose it is, where, what it may do at most, until when, and whether it is over."""

    def __init__(self, org, email, role, expires=None):
        self.org, self.email, self.role, self.expires, self.over = org, email, role, expires, False


class OrgsAgainstModel(RuleBasedStateMachine):
    """Every status is what the model predicts, and every list has what it has, in any order of calls."""

    orgs = Bundle("orgs")
    credentials = Bundle("credentials")

    @initialize(target=credentials)
    def begin(self):
        """Start with an empty fixture, and sign its founder in."""
        self.acme = Acme(OWN, fixture="empty", quota="off", clock="real")
        self.known, self.held, self.users, self.members = {}, {}, {}, {}
        self.stood = {each["slug"] for each in self.acme.made("GET", "/orgs")}
        cookie = self.acme.signed_in(FOUNDER)
        self.held[cookie] = Held(None, FOUNDER, None)
        return cookie

    def call(self, credential, method, target, body=None):
        """Ask with a key or a cookie."""
        given = {"key": None, "cookie": credential} if "=" in credential else {"key": credential}
        return self.acme.call(method, target, body, **given)

    def alive(self, held):
        """Tell whether a credential is good for anything."""
        if held.org is None:
            return not held.over
        there = self.known.get(held.org)
        usable = not held.over and (held.expires is None or self.acme.now < held.expires)
        return usable and there is not None and held.email in there.roles

    def may(self, credential, slug, least):
        """Return the status with which a call on an organisation is refused, or None."""
        held, org = self.held[credential], self.known.get(slug)
        if not self.alive(held):
            return 401
        role = None if org is None else org.roles.get(held.email)
        if held.role is not None and RANKS[held.role] < RANKS[least]:
            return 403
        if role is None:
            return 404
        return 403 if RANKS[role] < RANKS[least] else None

    @rule(wait=st.sampled_from([1, 30, 90]))
    def time_passes(self, wait):
        self.acme.now += wait * SECOND

    @rule(target=orgs, credential=credentials, name=words)
    def found(self, credential, name):
        status, body = self.call(credential, "POST", "/orgs", {"name": name})
        held = self.held[credential]
        if not self.alive(held):
            assert status == 401
            return multiple()
        if name in self.known:
            assert (status, body["error"]["code"]) == (409, "CONFLICT")
            return multiple()
        assert (status, body["data"]["slug"]) == (201, name)
        self.known[name] = Org(name)
        self.known[name].roles = {held.email: "admin"}
        (member,) = self.call(credential, "GET", f"/orgs/{name}/members")[1]["data"]
        self.members[name, held.email] = member["id"]
        self.users[held.email] = member["userId"]
        return name

    @rule(credential=credentials, slug=orgs, name=words)
    def rename(self, credential, slug, name):
        status, body = self.call(credential, "PATCH", f"/orgs/{slug}", {"name": name})
        refused = self.may(credential, slug, "admin")
        assert status == (refused or 200)
        if refused is None:
            self.known[slug].name = name
            assert (body["data"]["slug"], body["data"]["name"]) == (slug, name)

    @rule(credential=credentials, slug=orgs)
    def dissolve(self, credential, slug):
        status, _ = self.call(credential, "DELETE", f"/orgs/{slug}")
        refused = self.may(credential, slug, "admin")
        assert status == (refused or 200)
        if refused is None:
            del self.known[slug]
            for held in self.held.values():
                held.over = held.over or held.org == slug

    @rule(credential=credentials, slug=orgs, email=people, role=roles)
    def invite(self, credential, slug, email, role):
        status, body = self.call(credential, "POST", f"/orgs/{slug}/members", {"email": email, "role": role})
        refused = self.may(credential, slug, "admin")
        if refused is None and email in self.known[slug].roles:
            refused = 409
        assert status == (refused or 201)
        if refused is None:
            self.known[slug].roles[email] = role
            self.members[slug, email] = body["data"]["id"]
            assert self.users.setdefault(email, body["data"]["userId"]) == body["data"]["userId"]

    def refused_change(self, credential, slug, email, role):
        """Return why a member's role may not become this one (None: none at all), or None."""
        refused = self.may(credential, slug, "admin")
        if refused is not None or email not in self.known[slug].roles:
            return refused or 404
        org = self.known[slug]
        return 409 if org.admins() == [email] and role != "admin" else None

    @rule(credential=credentials, slug=orgs, email=people, role=roles)
    def promote(self, credential, slug, email, role):
        path = f"/orgs/{slug}/members/{self.members.get((slug, email), 'nobody')}"
        status, body = self.call(credential, "PATCH", path, {"role": role})
        refused = self.refused_change(credential, slug, email, role)
        assert status == (refused or 200)
        if refused is None:
            self.known[slug].roles[email] = role
            assert body["data"]["role"] == role

    @rule(credential=credentials, slug=orgs, email=people)
    def remove(self, credential, slug, email):
        path = f"/orgs/{slug}/members/{self.members.get((slug, email), 'nobody')}"
        status, _ = self.call(credential, "DELETE", path)
        refused = self.refused_change(credential, slug, email, None)
        assert status == (refused or 200)
        if refused is None:
            org = self.known[slug]
            del org.roles[email], self.members[slug, email]
            for held in self.held.values():
                held.over = held.over or (held.org, held.email) == (slug, email)
            for members in org.domains.values():
                members.discard(email)

    @rule(target=credentials, email=people)
    def sign_in(self, email):
        outcome = self.acme.ask("POST", "/api/auth/signin", {"email": email}, key=None)
        mine = [org.slug for org in self.known.values() if email in org.roles]
        if email != FOUNDER and not mine:
            assert outcome.response.status == 401
            return multiple()
        assert outcome.response.status == 200
        cookie = outcome.response.header("set-cookie").partition(";")[0]
        slug = said(self.acme.ask("GET", "/api/auth/session", key=None, cookie=cookie))["data"]["organization"]["slug"]
        assert slug in mine or email == FOUNDER
        self.held[cookie] = Held(slug if slug in self.known else None, email, None)
        return cookie

    @rule(target=credentials, credential=credentials, slug=orgs, role=roles, lasts=st.sampled_from([None, 1]))
    def make_key(self, credential, slug, role, lasts):
        expires = None if lasts is None else self.acme.now + lasts * MINUTE
        body = {"name": "k", "role": role} | ({"expiresAt": iso_millis(expires)} if expires else {})
        status, body = self.call(credential, "POST", f"/orgs/{slug}/api-keys", body)
        refused = self.may(credential, slug, "admin")
        assert status == (refused or 201)
        if refused is not None:
            return multiple()
        key = body["data"]["key"]
        self.known[slug].keys[body["data"]["id"]] = key
        self.held[key] = Held(slug, self.held[credential].email, role, expires)
        return key

    @rule(credential=credentials, slug=orgs, place=st.integers(0, 3))
    def revoke(self, credential, slug, place):
        keys = sorted(self.known[slug].keys) if slug in self.known else []
        ident = keys[place % len(keys)] if keys else "none"
        status, _ = self.call(credential, "DELETE", f"/orgs/{slug}/api-keys/{ident}")
        refused = self.may(credential, slug, "admin")
        if refused is None and (not keys or self.held[self.known[slug].keys[ident]].over):
            refused = 404
        assert status == (refused or 200)
        if refused is None:
            self.held[self.known[slug].keys.pop(ident)].over = True

    @rule(credential=credentials, name=words)
    def make_domain(self, credential, name):
        held = self.held[credential]
        if held.org is None:
            return
        status, body = self.call(credential, "POST", "/domains", {"name": name})
        if not self.alive(held):
            assert status == 401
            return
        org = self.known[held.org]
        if RANKS[held.role or org.roles[held.email]] < RANKS["author"]:
            assert status == 403
        elif name in org.domains:
            assert status == 409
        else:
            assert (status, body["data"]["slug"]) == (201, name)
            org.domains[name] = set()

    @rule(credential=credentials, name=words, email=people)
    def join_domain(self, credential, name, email):
        held = self.held[credential]
        if held.org is None:
            return
        user = {"userId": self.users.get(email, "01HXN0NE000000000000000000")}
        status, _ = self.call(credential, "POST", f"/domains/{name}/members", user)
        if not self.alive(held):
            assert status == 401
            return
        org = self.known[held.org]
        if RANKS[held.role or org.roles[held.email]] < RANKS["admin"]:
            assert status == 403
        elif name not in org.domains:
            assert status == 404
        elif email not in org.roles:
            assert status == 400
        else:
            assert status == (409 if email in org.domains[name] else 201)
            org.domains[name].add(email)

    @invariant()
    def every_credential_sees_its_own_organisation_and_no_other(self):
        if not hasattr(self, "acme"):
            return
        for credential, held in self.held.items():
            status, body = self.call(credential, "GET", "/domains?limit=200")
            if not self.alive(held):
                assert status == 401
            elif held.org is not None:
                assert status == 200
                assert {each["slug"] for each in body["data"]} == set(self.known[held.org].domains)

    @invariant()
    def lists_have_what_the_model_has(self):
        if not hasattr(self, "acme"):
            return
        for slug, org in self.known.items():
            admin = next((each for each, held in self.held.items() if self.may(each, slug, "admin") is None), None)
            if admin is None:
                continue
            listed = self.call(admin, "GET", f"/orgs/{slug}/members?limit=200")[1]["data"]
            assert {each["email"]: each["role"] for each in listed} == org.roles
            assert self.call(admin, "GET", f"/orgs/{slug}")[1]["data"]["name"] == org.name
            keys = {each["id"] for each in self.call(admin, "GET", f"/orgs/{slug}/api-keys?limit=200")[1]["data"]}
            assert keys == {ident for ident, key in org.keys.items() if not self.held[key].over}
            mine = {each["slug"] for each in self.call(admin, "GET", "/orgs?limit=200")[1]["data"]}
            email = self.held[admin].email
            assert mine - self.stood == {each for each, one in self.known.items() if email in one.roles}


TestOrgsAgainstModel = OrgsAgainstModel.TestCase
TestOrgsAgainstModel.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
