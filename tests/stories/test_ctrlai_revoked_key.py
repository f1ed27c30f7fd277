"""revoked-key: eight requests go well, then the key is revoked, and no retry helps."""

from tests.stories.stage import CTRLAI, Stage, unit


def revoked() -> Stage:
    """Return the stage after the eight requests that go well."""
    stage = Stage("revoked-key", key=CTRLAI)
    assert {stage.get("/api/v1/units?limit=1").status for _ in range(8)} == {200}
    return stage


def test_from_the_ninth_request_on_everything_is_401():
    stage = revoked()
    tried = [stage.get("/api/v1/units"), stage.post("/api/v1/units", unit("Second look")), stage.get("/api/v1/orgs")]
    assert {(each.status, each.code, each.fault) for each in tried} == {(401, "UNAUTHORIZED", "revoked-key#revoked")}
    assert "was revoked" in tried[0].json["error"]["message"]


def test_the_answer_does_not_tell_the_key():
    assert CTRLAI.encode() not in revoked().get("/api/v1/units").raw


def test_waiting_does_not_help():
    stage = revoked()
    stage.later("30d")
    assert stage.get("/api/v1/units").status == 401


def test_what_needs_no_key_still_answers():
    stage = revoked()
    assert stage.get("/api/health").status == 200
    assert stage.post("/api/auth/signin", {"email": "anna@acme.example"}).status == 200


def test_the_owner_steers_the_world_while_the_key_is_revoked_and_ends_it():
    stage = revoked()
    assert stage.get("/api/v1/units").status == 401
    assert stage.active()["revoked-key#revoked"]["fired"] == 1
    stage.admin("PUT", "/scenarios/active", {"name": None})
    assert stage.get("/api/v1/units").status == 200
