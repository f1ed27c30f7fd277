"""strict-sign-in: one call a minute to the sign-in endpoints; who has signed in is not disturbed."""

from tests.stories.stage import CTRLAI, Stage

ANNA = {"email": "anna@acme.example"}


def test_the_second_try_within_a_minute_is_told_to_wait_and_the_wait_suffices():
    stage = Stage("strict-sign-in", key=CTRLAI)
    assert stage.post("/api/auth/signin", ANNA).status == 200
    stage.later("15s")
    refused = stage.post("/api/auth/signin", ANNA)
    assert (refused.status, refused.code, refused.fault) == (429, "RATE_LIMITED", "strict-sign-in#sign-in")
    assert (refused.headers["retry-after"], refused.headers["x-ratelimit-limit"]) == ("45", "1")
    stage.later(f"{refused.headers['retry-after']}s")
    assert stage.post("/api/auth/signin", ANNA).status == 200


def test_a_refused_try_does_not_put_off_the_next_one():
    stage = Stage("strict-sign-in", key=CTRLAI)
    stage.post("/api/auth/signin", ANNA)
    for _ in range(5):
        stage.later("10s")
        assert stage.post("/api/auth/signin", ANNA).status == 429
    stage.later("10s")
    assert stage.post("/api/auth/signin", ANNA).status == 200


def test_the_page_the_session_and_signing_out_draw_on_the_same_call():
    stage = Stage("strict-sign-in", key=CTRLAI)
    assert stage.get("/api/auth/signin").status == 200
    tried = [stage.get("/api/auth/session"), stage.post("/api/auth/signout"), stage.post("/api/auth/signin", ANNA)]
    assert [each.status for each in tried] == [429] * 3


def test_the_cookie_and_the_key_work_on():
    stage = Stage("strict-sign-in", key=CTRLAI)
    cookie = stage.signed_in(ANNA["email"])
    assert stage.post("/api/auth/signin", ANNA).status == 429
    assert stage.get("/api/v1/units", cookie=cookie).status == 200
    assert stage.get("/api/v1/units").headers["x-ratelimit-limit"] == "60"
