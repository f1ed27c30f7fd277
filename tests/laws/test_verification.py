"""Laws of the trust in a unit, against a model that keeps a diary and reads it from the start each time."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sandbox.apis.ctrlai.verification import (
    FORMAL,
    STATUSES,
    approval_rate,
    approved_elements,
    edited,
    elements,
    reviewed,
    status_of,
    unknown_element,
)
from sandbox.core.frozen import Frozen, freeze

PEOPLE = ("ann", "bob", "cy", "dan")
CLAUSES = ("given", "when", "then")
ELEMENT_ACTIONS = ("approve", "approve", "approve", "correct_values", "suggest_edit", "whatever")

UNIT = freeze(
    {
        "id": "u", "name": "Debt ratio", "description": None, "unitType": "program", "domainId": "d", "given": "An income",
        "when": "A loan is asked for", "then": "A ratio", "jurisdiction": None, "inputSchema": {"debt": "number"},
        "outputSchema": None, "definition": None, "status": "candidate", "verificationScore": None, "version": 1,
        "createdBy": "ann", "assignedReviewers": [], "reviews": [], "createdAt": 0, "updatedAt": 0,
    }
)  # fmt: skip

people = st.sampled_from(PEOPLE)
actions = st.sampled_from(("approve", "approve", "approve", "request_changes"))
judgements = st.lists(st.tuples(st.sampled_from(CLAUSES), st.sampled_from(ELEMENT_ACTIONS)), max_size=4)
TEXTS = {
    "name": st.sampled_from(("Debt ratio", "Ratio of debt")),
    "description": st.sampled_from((None, "What a loan weighs")),
    "domainId": st.sampled_from(("d", "e")),
    "unitType": st.sampled_from(("program", "framework")),
    "given": st.sampled_from(("An income", "An income that is known")),
    "when": st.sampled_from(("A loan is asked for", "Always")),
    "then": st.sampled_from(("A ratio", "Two ratios")),
    "jurisdiction": st.sampled_from((None, "EU", "US")),
    "inputSchema": st.sampled_from((freeze({"debt": "number"}), freeze({"debt": "integer"}), None)),
    "outputSchema": st.sampled_from((None, freeze({"ratio": "number"}))),
    "definition": st.sampled_from((None, freeze({"note": 1}), freeze({"note": True}))),
}
changes = st.fixed_dictionaries({}, optional=TEXTS)


def review(person, action="approve", told=(), now=1):
    listed = tuple(Frozen(elementId=element, action=word) for element, word in told)
    return Frozen(id="r", reviewerId=person, action=action, elementReviews=listed, comment=None, createdAt=now)


def after(*told, unit=UNIT):
    for each in told:
        unit = reviewed(unit, review(*each))
    return unit


class Diary:
    """What happened to a unit, and what the guide says follows from it."""

    def __init__(self, creator):
        self.creator = creator
        self.pages = []
        self.version = 1

    def write(self, person, action, told):
        self.pages.append((person, action, told))

    def close(self):
        """A new text: a new diary."""
        self.pages = []
        self.version += 1

    def last_words(self):
        return [
            (person, action, told)
            for at, (person, action, told) in enumerate(self.pages)
            if all(later[0] != person for later in self.pages[at + 1 :])
        ]

    def votes(self, told, action):
        """Yield each vote of one review: on each element the last that was said, or on the unit as a whole."""
        for at, (element, word) in enumerate(told):
            if element not in [each for each, _ in told[at + 1 :]]:
                yield element, word == "approve"
        if not told:
            yield None, action == "approve"

    def rate(self):
        votes = [vote for _, action, told in self.last_words() for _, vote in self.votes(told, action)]
        return Fraction(sum(votes), len(votes)) * 100 if votes else None

    def twice_approved(self):
        tally = dict.fromkeys(CLAUSES, 0)
        for _, action, told in self.last_words():
            for element, vote in self.votes(told, action):
                for each in CLAUSES if element is None else (element,):
                    tally[each] += vote
        return {each for each, votes in tally.items() if votes >= 2}

    def status(self):
        words = self.last_words()
        if not words:
            return "candidate"
        if "request_changes" in [action for _, action, _ in words]:
            return "needs_review"
        others = [person for person, _, _ in words if person != self.creator]
        # Half of a percent rounds up, so that 79.5 is shown as 80.
        if len(words) > 1 and others and self.rate() >= Fraction(159, 2):
            return "verified"
        twice = self.twice_approved()
        return "partial_verified" if twice and twice != set(CLAUSES) else "in_review"


class UnitAgainstDiary(RuleBasedStateMachine):
    """Status, score and version of a unit are what its diary says, whatever is done to it in whatever order."""

    @initialize(creator=people)
    def begin(self, creator):
        self.unit, self.diary, self.now = UNIT.having(createdBy=creator), Diary(creator), 0

    @rule(person=people, action=actions, told=judgements)
    def review(self, person, action, told):
        self.now += 1
        self.unit = reviewed(self.unit, review(person, action, told, self.now))
        self.diary.write(person, action, told)
        assert self.unit["updatedAt"] == self.now

    @rule(person=people)
    def approve(self, person):
        self.review(person, "approve", [])

    @rule(changes=changes)
    def edit(self, changes):
        before, self.now = self.unit, self.now + 1
        self.unit = edited(before, changes, self.now)
        moved = [name for name, value in changes.items() if repr(before[name]) != repr(value)]
        if set(moved) & set(FORMAL):
            self.diary.close()
            assert self.unit["reviews"] == ()
        assert (self.unit is before) == (not moved)
        assert self.unit["updatedAt"] == (self.now if moved else before["updatedAt"])
        assert {**before, **changes}.items() >= {name: self.unit[name] for name in TEXTS}.items()

    @precondition(lambda self: self.unit["reviews"])
    @rule(data=st.data())
    def repeat(self, data):
        """Say the same again: it changes nothing but the time."""
        again = data.draw(st.sampled_from(self.unit["reviews"]))
        before = self.unit
        person, action = again["reviewerId"], again["action"]
        self.review(person, action, [(each["elementId"], each["action"]) for each in again["elementReviews"]])
        for name in ("status", "verificationScore", "version"):
            assert self.unit[name] == before[name]

    @invariant()
    def the_unit_is_what_the_diary_says(self):
        rate = self.diary.rate()
        assert self.unit["status"] == self.diary.status()
        assert self.unit["version"] == self.diary.version
        assert self.unit["verificationScore"] == (None if rate is None else int(rate + Fraction(1, 2)))
        assert approved_elements(self.unit) == self.diary.twice_approved()

    @invariant()
    def a_verified_unit_meets_the_three_conditions(self):
        if self.unit["status"] == "verified":
            approving = {each["reviewerId"] for each in self.unit["reviews"] if each["action"] == "approve"}
            assert len(approving) >= 2
            assert approving != {self.unit["createdBy"]}
            assert self.unit["verificationScore"] >= 80

    @invariant()
    def nobody_has_two_reviews(self):
        speaking = [each["reviewerId"] for each in self.unit["reviews"]]
        assert len(speaking) == len(set(speaking))

    @invariant()
    def the_score_is_there_as_soon_as_a_review_is(self):
        assert (self.unit["verificationScore"] is None) == (self.unit["status"] == "candidate")
        assert (self.unit["status"] == "candidate") == (not self.unit["reviews"])


TestUnitAgainstDiary = UnitAgainstDiary.TestCase
TestUnitAgainstDiary.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)


@given(st.lists(st.tuples(people, actions, judgements), max_size=8))
def test_status_and_score_follow_from_the_reviews_that_the_row_holds(told):
    unit = after(*told)
    assert (status_of(unit), approval_rate(unit)) == (unit["status"], unit["verificationScore"])
    assert unit["status"] in STATUSES


@given(st.lists(st.tuples(people, actions, judgements), max_size=8))
def test_a_history_with_every_review_says_the_same_as_one_with_the_latest(told):
    whole = UNIT.having(reviews=tuple(review(*each) for each in told))
    unit = after(*told)
    assert (status_of(whole), approval_rate(whole)) == (unit["status"], unit["verificationScore"])


@given(st.lists(st.tuples(people, actions, judgements), max_size=6, unique_by=lambda each: each[0]), st.randoms())
def test_the_order_in_which_people_review_does_not_matter(told, chance):
    other = list(told)
    chance.shuffle(other)
    assert after(*told)["status"] == after(*other)["status"]
    assert after(*told)["verificationScore"] == after(*other)["verificationScore"]


@given(st.lists(st.tuples(st.just("ann"), actions, judgements), min_size=1, max_size=6))
def test_the_creator_alone_never_verifies(told):
    assert after(*told)["status"] in ("in_review", "needs_review")


@given(st.lists(st.tuples(people, actions, judgements), max_size=6), changes)
def test_an_edit_of_the_formal_text_leaves_a_candidate_and_any_other_leaves_the_status(told, changed):
    unit = after(*told)
    fresh = edited(unit, changed, 9)
    moved = {name for name, value in changed.items() if repr(value) != repr(unit[name])}
    if moved & set(FORMAL):
        assert (fresh["status"], fresh["verificationScore"], fresh["version"]) == ("candidate", None, 2)
    else:
        assert (fresh["status"], fresh["version"]) == (unit["status"], 1)


def test_two_who_approve_verify():
    assert after(("ann",), ("bob",))["status"] == "verified"
    assert after(("bob",), ("cy",))["verificationScore"] == 100


def test_one_who_approves_twice_does_not():
    assert after(("bob",), ("bob",))["status"] == "in_review"


def test_whoever_asks_for_changes_holds_the_unit_until_he_approves():
    unit = after(("bob",), ("cy",), ("dan", "request_changes"))
    assert (unit["status"], unit["verificationScore"]) == ("needs_review", 67)
    assert after(("dan",), unit=unit)["status"] == "verified"


@pytest.mark.parametrize(
    ("of", "bob", "cy", "rate", "status"),
    [
        (5, 4, 4, 80, "verified"),
        (5, 3, 3, 60, "partial_verified"),
        (19, 15, 15, 79, "partial_verified"),
        (22, 17, 18, 80, "verified"),
        (1, 0, 0, 0, "in_review"),
    ],
)
def test_eighty_percent_as_it_is_shown_is_enough_and_less_is_not(of, bob, cy, rate, status):
    ids = [f"e{number}" for number in range(of)]
    unit = UNIT.having(definition=freeze({"elements": [{"id": each, "type": "rule", "text": each} for each in ids]}))

    def told(approving):
        return [(each, "approve" if at < approving else "correct_values") for at, each in enumerate(ids)]

    unit = after(("bob", "approve", told(bob)), ("cy", "approve", told(cy)), unit=unit)
    assert (unit["verificationScore"], unit["status"]) == (rate, status)


def test_a_unit_of_which_two_approve_a_part_is_verified_in_part():
    told = [("given", "approve"), ("when", "correct_values"), ("then", "correct_values")]
    unit = after(("bob", "approve", told), ("cy", "approve", told))
    assert (unit["status"], unit["verificationScore"]) == ("partial_verified", 33)
    assert approved_elements(unit) == {"given"}


def test_a_review_without_elements_approves_every_element():
    unit = after(("bob",), ("cy", "approve", [("given", "approve"), ("when", "reweight")]))
    assert approved_elements(unit) == {"given"}
    assert (unit["status"], unit["verificationScore"]) == ("partial_verified", 67)


def test_elements_are_those_of_the_definition_else_the_clauses_with_a_text():
    assert elements(UNIT) == CLAUSES
    assert elements(UNIT.having(when=None, then="")) == ("given",)
    assert elements(UNIT.having(definition=freeze({"elements": []}))) == CLAUSES
    assert elements(UNIT.having(definition=freeze({"elements": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}))) == ("a", "b")


def test_only_an_addition_may_name_an_element_that_the_unit_does_not_have():
    told = review("bob", "approve", [("given", "approve"), ("fifth", "add"), ("sixth", "remove")])
    assert unknown_element(UNIT, told["elementReviews"]) == "sixth"
    assert unknown_element(UNIT, told["elementReviews"][:2]) is None


def test_a_reordered_program_is_another_text_and_an_equal_one_is_the_same():
    unit = UNIT.having(definition=freeze({"program": {"a": 1, "b": 2}}))
    assert edited(unit, {"definition": {"program": {"a": 1, "b": 2}}}, 5) is unit
    assert edited(unit, {"definition": freeze({"program": {"b": 2, "a": 1}})}, 5)["version"] == 2
