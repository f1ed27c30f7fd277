"""demoted-key: from the sixth request on the key is only a viewer's, and that passes."""

from tests.stories.stage import CTRLAI, LOAN, Stage, unit


def demoted() -> Stage:
    """Return the stage after the five requests that go well."""
    stage = Stage("demoted-key", key=CTRLAI)
    for _ in range(5):
        assert stage.get("/api/v1/units?limit=1").status == 200
    return stage


def test_the_sixth_request_may_not_write():
    refused = demoted().post("/api/v1/units", unit("Second look"))
    assert (refused.status, refused.code, refused.fault) == (403, "FORBIDDEN", "demoted-key#demoted")
    assert refused.json["error"]["message"] == "This action needs the role author, and yours is viewer."


def test_what_a_viewer_may_goes_on():
    stage = demoted()
    assert stage.get("/api/v1/units").status == 200
    assert stage.post("/api/v1/inference", {"query": LOAN}).data["mode"] == "full_coverage"


def test_what_only_an_admin_may_is_refused_in_the_own_organisation_too():
    stage = demoted()
    assert stage.get("/api/v1/orgs/acme").status == 200
    assert stage.get("/api/v1/orgs/acme/api-keys").code == "FORBIDDEN"
    assert stage.get("/api/v1/audit?format=csv").code == "FORBIDDEN"


def test_who_signed_in_is_demoted_as_well():
    stage = demoted()
    cookie = stage.signed_in("adam@acme.example")
    refused = stage.ask("POST", "/api/v1/units", unit("Second look"), cookie=cookie)
    assert (refused.status, refused.fault) == (403, "demoted-key#demoted")


def test_ten_minutes_after_the_beginning_the_key_is_what_it_was():
    stage = demoted()
    stage.later("9m59s")
    assert stage.post("/api/v1/units", unit("Second look")).status == 403
    stage.later("1s")
    assert stage.post("/api/v1/units", unit("Second look")).status == 201
