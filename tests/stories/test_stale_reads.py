"""stale-reads: what was just written is not seen yet, and pages overlap."""

from tests.stories.stage import Stage, system

ABC = "/v1/systems/sys_abc123"


def test_a_new_job_is_not_found_for_two_seconds():
    stage = Stage("stale-reads")
    job = "/v1/jobs/" + stage.post(f"{ABC}/documents", {"sections": "all"}).data["job_id"]
    assert stage.get(job).status == 404
    stage.later("1s")
    assert stage.get(job).status == 404
    stage.later("1s")
    assert stage.get(job).data["status"] == "queued"


def test_a_new_classification_shows_its_version_two_seconds_later():
    stage = Stage("stale-reads")
    before = stage.get(f"{ABC}/classification").data["version"]
    assert stage.post(f"{ABC}/classification").data["version"] == before + 1
    assert stage.get(f"{ABC}/classification").data["version"] == before
    stage.later("2s")
    assert stage.get(f"{ABC}/classification").data["version"] == before + 1


def test_a_new_system_is_in_the_fourth_list_that_is_read():
    stage = Stage("stale-reads")
    new = stage.post("/v1/systems", system("Model")).data["id"]
    seen = [new in {each["id"] for each in stage.get("/v1/systems?limit=100").data} for _ in range(5)]
    assert seen == [False, False, False, True, True]


def test_the_name_of_a_system_that_is_not_seen_yet_is_taken():
    stage = Stage("stale-reads")
    stage.post("/v1/systems", system("Model"))
    assert stage.post("/v1/systems", system("Model")).status == 409


def test_the_second_page_that_is_read_ends_with_what_the_third_begins_with():
    stage = Stage("stale-reads")
    pages = [stage.get("/v1/systems?limit=3")]
    while cursor := pages[-1].json["meta"]["cursor"]:
        pages.append(stage.get(f"/v1/systems?limit=3&cursor={cursor}"))
    first, second, third = ([each["id"] for each in page.data] for page in pages[:3])
    assert second[-1] == third[0]
    assert first[-1] != second[0]
    assert pages[1].fault == "stale-reads#list-behind, stale-reads#overlap"


def test_who_counts_by_id_has_the_whole_list():
    stage, found, cursor = Stage("stale-reads"), set(), ""
    while cursor is not None:
        page = stage.get(f"/v1/systems?limit=3{cursor and '&cursor=' + cursor}")
        found |= {each["id"] for each in page.data}
        cursor = page.json["meta"]["cursor"]
    assert len(found) == page.json["meta"]["total"]
