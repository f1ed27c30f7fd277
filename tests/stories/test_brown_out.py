"""brown-out: over ten minutes ever more requests fail, then all of them for two, then none."""

from tests.stories.stage import Stage


def failures(at: str) -> int:
    """Return how many of forty requests fail so long after the scenario began."""
    stage = Stage("brown-out", quota="off")
    stage.later(at)
    return sum(stage.get("/v1/systems?limit=1").status == 500 for _ in range(40))


def test_at_the_beginning_all_goes_well():
    assert failures("0s") == 0


def test_it_gets_worse():
    assert 0 < failures("2m") < failures("5m") < failures("9m") <= 40


def test_then_everything_fails():
    assert failures("10m") == failures("11m59s") == 40


def test_then_all_is_well_again():
    assert failures("12m") == 0


def test_a_failed_request_says_so_in_the_words_of_the_api():
    stage = Stage("brown-out")
    stage.later("11m")
    failed = stage.get("/v1/systems")
    assert (failed.status, failed.code, failed.fault) == (500, "internal_error", "brown-out#failing")
