"""slow-inference: answers take seconds, now and then far more; everything else is as quick as ever."""

from statistics import median

from tests.stories.stage import CTRLAI, LOAN, Stage


def test_an_answer_usually_takes_eight_seconds_and_the_tail_is_long():
    stage = Stage("slow-inference", key=CTRLAI, quota="off")
    waits = [stage.post("/api/v1/inference", {"query": LOAN}).waited for _ in range(100)]
    assert 6 < median(waits) < 10
    assert max(waits[:4] + waits[5:]) > 16


def test_the_fifth_question_takes_a_minute_and_the_sixth_does_not():
    stage = Stage("slow-inference", key=CTRLAI)
    replies = [stage.post("/api/v1/inference", {"query": LOAN}) for _ in range(6)]
    assert (replies[4].waited, replies[4].fault) == (60, "slow-inference#stuck")
    assert replies[5].fault == "slow-inference#slow"
    assert {each.data["mode"] for each in replies} == {"full_coverage"}


def test_whatever_else_is_asked_is_answered_at_once():
    stage = Stage("slow-inference", key=CTRLAI)
    for target in ("/api/v1/units", "/api/v1/audit/inference", "/api/health"):
        assert (stage.get(target).waited, stage.get(target).fault) == (0, None)
