"""verification-race: an approval that was made for one text counts for the next."""

from tests.stories.stage import CTRLAI, Reply, Stage, unit


class Desk:
    """Two reviewers and an author at one unit."""

    def __init__(self) -> None:
        self.stage = Stage("verification-race", key=CTRLAI)
        self.cookies = {name: self.stage.signed_in(f"{name}@acme.example") for name in ("anna", "rene", "rex")}
        self.unit = self.as_("anna", "POST", "", unit("Second look", then="Look twice.")).data["id"]
        self.stage.later("5s")

    def as_(self, who: str, method: str, path: str = "", body: object = None) -> Reply:
        """Ask for something below /units as one of the three."""
        return self.stage.ask(method, "/api/v1/units" + path, body, cookie=self.cookies[who])

    def approve(self, who: str) -> Reply:
        """Approve the unit."""
        return self.as_(who, "POST", f"/{self.unit}/verify", {"action": "approve"})

    def seen(self) -> tuple[int, str]:
        """Return version and status as a read tells them."""
        data = self.as_("anna", "GET", f"/{self.unit}").data
        return data["version"], data["status"]


def test_the_second_review_loses_its_answer_and_counts_ten_seconds_later():
    desk = Desk()
    assert desk.approve("rene").data["status"] == "in_review"
    late = desk.approve("rex")
    assert (late.broken, late.fault) == ("EMPTY_RESPONSE", "verification-race#late-review")
    desk.stage.later("9s")
    assert desk.seen() == (1, "in_review")
    desk.stage.later("1s")
    desk.stage.later("5s")
    assert desk.seen() == (1, "verified")


def test_a_review_that_comes_late_approves_a_text_that_its_reviewer_never_saw():
    desk = Desk()
    desk.approve("rene")
    desk.approve("rex")
    desk.stage.later("2s")
    assert desk.as_("anna", "PATCH", f"/{desk.unit}", {"then": "Look away."}).data["status"] == "candidate"
    desk.stage.later("15s")
    assert desk.seen() == (2, "in_review")
    last = desk.stage.get(f"/api/v1/audit?resourceId={desk.unit}&limit=2").data
    assert [each["action"] for each in last] == ["unit.verified", "unit.updated"]


def test_a_unit_is_read_five_seconds_old():
    desk = Desk()
    desk.approve("rene")
    assert desk.seen() == (1, "candidate")
    desk.stage.later("4s")
    assert desk.seen() == (1, "candidate")
    desk.stage.later("1s")
    assert desk.seen() == (1, "in_review")


def test_the_late_approval_is_one_of_the_two_that_verify_the_text_which_only_one_has_read():
    desk = Desk()
    desk.approve("rene")
    desk.approve("rex")
    desk.as_("anna", "PATCH", f"/{desk.unit}", {"then": "Look away."})
    desk.stage.later("15s")
    reviewed = desk.approve("rene").data
    assert (reviewed["version"], reviewed["status"], reviewed["then"]) == (2, "verified", "Look away.")
