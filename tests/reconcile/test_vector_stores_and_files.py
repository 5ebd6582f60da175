"""Files are uploaded once; a store holds exactly the declared contents, and is handed on only when they are processed."""

import pytest

from foundry.model import FoundryError
from foundry.reconcile import agent, file, vector_store
from foundry.reconcile.marks import KEY, mark_of
from foundry.service.errors import Unanswered

UPLOADS = {"method": "POST", "path": "/files$"}
ATTACHES = {"method": "POST", "path": "/vector_stores/[^/]+/file_batches$"}


def uploaded(world, path="knowledge/returns.md", content="Returns within 30 days.\n", owner=None):
    inputs = world.file(path, content, owner) if owner else world.file(path, content)
    made = file.create(world.session(), inputs)
    return {"path": path, "sha256": inputs["sha256"], "file_id": made.id}


def members(world, store_id):
    return {one.id: one.status for one in world.official().vector_store_files.list(store_id)}


def files(world):
    return {one.id: one.filename for one in world.official().files.list().data}


def paths(difference):
    return [change.path for change in difference.changes]


def test_a_file_is_uploaded_under_a_name_that_carries_its_mark(world):
    inputs = world.file("knowledge/returns.md", "Returns within 30 days.\n")

    made = file.create(world.session(), inputs)

    name = files(world)[made.id]
    assert name == made.outs["serviceFilename"]
    assert name.startswith("returns.")
    assert name.endswith(".md")
    assert len(name) == len("returns.") + 12 + len(".md")
    assert file.diff(made.id, file.read(world.session(), made.id, made.outs).outs, inputs).changes == ()


def test_a_lost_upload_or_a_lost_state_is_found_again(world):
    world.faults({"match": {**UPLOADS, "nth": 1}, "action": {"drop": "after"}})
    inputs = world.file("returns.md", "30 days")

    first = file.create(world.session(), inputs)
    second = file.create(world.session(), inputs)

    assert list(files(world)) == [first.id] == [second.id]


def test_a_file_of_our_name_that_was_not_uploaded_whole_is_never_taken_for_ours(world):
    first = file.create(world.session(), world.file("returns.md", "30 days"))
    name = files(world)[first.id]
    world.official().files.delete(first.id)
    cut = world.official().files.upload(file=b"30", filename=name, purpose="assistants")

    again = file.create(world.session(), world.file("returns.md", "30 days"))

    assert files(world) == {cut.id: name, again.id: name}


def test_another_stack_s_file_is_never_taken_for_ours(world):
    mine, theirs = uploaded(world), uploaded(world, owner=world.other)

    assert mine["file_id"] != theirs["file_id"]


def test_a_changed_file_is_another_file(world):
    before = world.file("returns.md", "30 days")
    made = file.create(world.session(), before)

    difference = file.diff(made.id, made.outs, world.file("returns.md", "60 days"))

    assert difference.replaces == ("sha256",)


def test_a_file_that_only_moved_on_disk_is_updated(world):
    made = file.create(world.session(), world.file("a/returns.md", "30 days"))

    difference = file.diff(made.id, made.outs, world.file("b/returns.md", "30 days"))

    assert (paths(difference), difference.replaces) == (["path"], ())


def test_a_file_that_changed_after_it_was_declared_isn_t_uploaded(world):
    inputs = world.file("returns.md", "30 days")
    (world.root / "returns.md").write_text("60 days")

    with pytest.raises(FoundryError, match=r"returns\.md has changed since"):
        file.create(world.session(), inputs)


def test_a_file_that_a_store_or_an_agent_lists_isn_t_deleted(world):
    inputs = world.file("returns.md", "30 days")
    made = file.create(world.session(), inputs)
    store = vector_store.create(
        world.session(), world.store({"path": "returns.md", "sha256": inputs["sha256"], "file_id": made.id})
    )
    tool = {"name": "run", "type": "code_interpreter", "file_ids": [made.id]}
    runner = agent.create(world.session(), world.agent(tools=[tool]))

    file.delete(world.session(), made.id, made.outs)
    assert made.id in files(world)
    session = world.session()
    vector_store.delete(session, store.id, store.outs)
    file.delete(session, made.id, made.outs)
    assert made.id in files(world)
    agent.delete(session, runner.id, runner.outs)
    file.delete(session, made.id, made.outs)
    assert files(world) == {}


def test_a_replacement_of_a_file_that_finds_the_same_one_keeps_it(world):
    inputs = world.file("returns.md", "30 days")
    made = file.create(world.session(), inputs)
    session = world.session()

    assert file.create(session, inputs).id == made.id
    file.delete(session, made.id, made.outs)

    assert made.id in files(world)


def test_a_store_is_filled_and_processed_before_anybody_gets_it(world):
    one, two = uploaded(world), uploaded(world, "knowledge/sizes.md", "S, M, L")
    inputs = world.store(one, two, metadata={"team": "care"}, expires_after_days=30)

    made = vector_store.create(world.session(), inputs)

    live = world.official().vector_stores.get(made.id)
    assert (live.name, live.metadata["team"], live.expires_after.days) == ("handbook", "care", 30)
    assert members(world, made.id) == {one["file_id"]: "completed", two["file_id"]: "completed"}
    assert made.outs["fileCounts"] == {
        "in_progress": 0,
        "completed": 2,
        "failed": 0,
        "cancelled": 0,
        "total": 2,
    }
    seen = vector_store.read(world.session(), made.id, made.outs)
    assert vector_store.diff(made.id, seen.outs, inputs).changes == ()
    assert seen.inputs == inputs


def test_a_changed_file_is_attached_before_the_old_one_is_taken_out(world):
    old = uploaded(world)
    made = vector_store.create(world.session(), world.store(old))
    new = uploaded(world, content="Returns within 60 days.\n")
    changed = world.store(new)
    world.control("DELETE", "/requests")

    assert paths(vector_store.diff(made.id, made.outs, changed)) == sorted(
        [f"files[{old['sha256']}]", f"files[{new['sha256']}]"]
    )
    vector_store.update(world.session(), made.id, made.outs, changed)

    assert members(world, made.id) == {new["file_id"]: "completed"}
    (attached,) = world.requests("POST", f"/vector_stores/{made.id}/file_batches")
    (detached,) = world.requests("DELETE", f"/vector_stores/{made.id}/files/{old['file_id']}")
    assert attached["at"] < detached["at"]


def test_files_attached_or_detached_by_hand_are_drift(world):
    one, two = uploaded(world), uploaded(world, "knowledge/sizes.md", "S, M, L")
    inputs = world.store(one)
    made = vector_store.create(world.session(), inputs)
    client = world.official()
    client.vector_store_files.create_and_poll(made.id, file_id=two["file_id"])
    client.vector_store_files.delete(made.id, one["file_id"])

    seen = vector_store.read(world.session(), made.id, made.outs)
    assert paths(vector_store.diff(made.id, seen.outs, inputs)) == [
        f"files[{one['sha256']}]",
        f"files[{two['file_id']}]",
    ]
    assert "sizes." in seen.inputs["definition"]["files"][0]["path"]
    vector_store.update(world.session(), made.id, seen.outs, inputs)

    assert members(world, made.id) == {one["file_id"]: "completed"}


def test_a_file_that_the_service_fails_to_process_is_named_with_its_reason(world):
    bad = uploaded(world, "knowledge/broken.md", "x")
    inputs = world.store(uploaded(world), bad)
    world.faults({"action": {"fail_files": [files(world)[bad["file_id"]]]}})

    with pytest.raises(FoundryError, match=r"failed to process knowledge/broken\.md: \w+"):
        vector_store.create(world.session(), inputs)

    world.faults()
    made = vector_store.create(world.session(), inputs)
    assert set(members(world, made.id).values()) == {"completed"}
    assert len(list(world.official().vector_stores.list())) == 1


def test_waiting_for_a_store_is_bounded_and_says_what_was_waited_for(slow_world):
    world, one = slow_world, uploaded(slow_world)

    with pytest.raises(FoundryError, match=r"1 of 1 files still wait to be processed after \d+ s") as raised:
        vector_store.create(world.session(processing=60), world.store(one))

    assert "FAC_PROCESSING_WAIT_SECONDS" in raised.value.fix
    assert 55 <= sum(world.time.slept) <= 60


@pytest.mark.parametrize("makes", [{"method": "POST", "path": "/vector_stores$"}, ATTACHES])
def test_a_lost_answer_leaves_no_twin_and_nothing_out(world, makes):
    one = uploaded(world)
    world.faults({"match": {**makes, "nth": 1}, "action": {"drop": "after"}})

    made = vector_store.create(world.session(), world.store(one))

    assert [store.id for store in world.official().vector_stores.list()] == [made.id]
    assert members(world, made.id) == {one["file_id"]: "completed"}


def test_an_attach_that_never_arrives_is_asked_for_again(world):
    one = uploaded(world)
    world.faults({"match": {**ATTACHES, "first": 2}, "action": {"status": 500}})

    made = vector_store.create(world.session(), world.store(one))

    assert members(world, made.id) == {one["file_id"]: "completed"}


def test_a_store_killed_while_it_was_filled_is_found_and_filled_up(world):
    one, two = uploaded(world), uploaded(world, "knowledge/sizes.md", "S, M, L")
    world.faults({"match": ATTACHES, "action": {"status": 400, "message": "Killed."}})
    with pytest.raises(FoundryError, match="Killed"):
        vector_store.create(world.session(), world.store(one, two))
    world.faults()

    made = vector_store.create(world.session(), world.store(one, two))

    assert [store.id for store in world.official().vector_stores.list()] == [made.id]
    assert len(members(world, made.id)) == 2


def test_a_lost_state_is_found_again_and_no_content_changes(world):
    one = uploaded(world)
    inputs = world.store(
        one, chunking_strategy={"type": "static", "max_chunk_size_tokens": 400, "chunk_overlap_tokens": 50}
    )
    first = vector_store.create(world.session(), inputs)
    world.control("DELETE", "/requests")

    second = vector_store.create(world.session(), inputs)

    assert second.id == first.id
    assert world.requests("POST", f"/vector_stores/{first.id}/file_batches") == []
    assert world.requests("DELETE", f"/vector_stores/{first.id}/files/{one['file_id']}") == []


STATIC = {"type": "static", "max_chunk_size_tokens": 400, "chunk_overlap_tokens": 50}


def test_another_chunking_is_another_store_so_that_no_file_is_ever_missing(world):
    one = uploaded(world)
    session = world.session()
    old = vector_store.create(session, world.store(one))
    tool = {"name": "policies", "type": "file_search", "vector_store_ids": [old.id]}
    agent.create(session, world.agent(tools=[tool]))
    changed = world.store(one, chunking_strategy=STATIC)

    difference = vector_store.diff(old.id, old.outs, changed)
    assert (paths(difference), difference.replaces) == (["chunking_strategy"], ("definition",))
    assert not difference.delete_before_replace
    new = vector_store.create(world.session(), changed)

    assert new.id != old.id
    assert members(world, old.id) == members(world, new.id) == {one["file_id"]: "completed"}
    (attached,) = world.official().vector_store_files.list(new.id)
    assert attached.chunking_strategy.static.max_chunk_size_tokens == 400
    seen = vector_store.read(world.session(), new.id, new.outs)
    assert vector_store.diff(new.id, seen.outs, changed).changes == ()


def test_a_store_that_a_killed_run_left_with_another_chunking_is_no_orphan(world):
    one = uploaded(world)
    vector_store.create(world.session(), world.store(one))

    made = vector_store.create(world.session(), world.store(one, chunking_strategy=STATIC))

    assert [store.id for store in world.official().vector_stores.list()] == [made.id]


def test_the_files_of_an_adopted_store_are_cut_anew_one_after_the_other(world):
    one, two = uploaded(world), uploaded(world, "knowledge/sizes.md", "S, M, L")
    ids = [one["file_id"], two["file_id"]]
    by_hand = world.official().vector_stores.create_and_poll(file_ids=ids, name="old")
    world.control("DELETE", "/requests")

    made = vector_store.create(
        world.session(),
        {
            **world.store(one, two, chunking_strategy=STATIC),
            "lifecycle": {"adopt": {"id": by_hand.id}},
        },
    )

    sizes = [
        each.chunking_strategy.static.max_chunk_size_tokens
        for each in world.official().vector_store_files.list(made.id)
    ]
    assert (made.id, sizes) == (by_hand.id, [400, 400])
    detached = [
        each["at"]
        for file_id in ids
        for each in world.requests("DELETE", f"/vector_stores/{made.id}/files/{file_id}")
    ]
    attached = [each["at"] for each in world.requests("POST", f"/vector_stores/{made.id}/file_batches")]
    assert min(detached) < min(attached) < max(detached) < max(attached)


def test_a_file_that_an_interrupted_run_uploaded_twice_is_there_once(world):
    inputs = world.file("returns.md", "30 days")
    first = file.create(world.session(), inputs)
    world.control("POST", "/clock", {"advance": 2})
    twin = world.official().files.upload(
        file=b"30 days", filename=first.outs["serviceFilename"], purpose="assistants"
    )
    listed = world.official().files.upload(
        file=b"30 days", filename=first.outs["serviceFilename"], purpose="assistants"
    )
    world.official().vector_stores.create_and_poll(file_ids=[listed.id], name="somebody's")

    again = file.create(world.session(), inputs)

    assert again.id == first.id
    assert set(files(world)) == {first.id, listed.id}
    assert twin.id not in files(world)


def test_an_upload_of_a_killed_run_goes_once_its_content_is_no_longer_at_its_path(world):
    inputs = world.file("returns.md", "30 days")
    killed = file.create(world.session(), inputs)
    theirs = file.create(world.session(), world.file("returns.md", "30 days", world.other))
    by_hand = world.official().files.upload(file=b"30 days", filename="returns.md", purpose="assistants")

    assert file.clear(world.session(), inputs, (), comes_back=True) == [], "the next create finds it"
    world.file("returns.md", "60 days")
    assert file.clear(world.session(), inputs, (killed.id,), comes_back=True) == [], "the state holds it"
    assert file.clear(world.session(), inputs, (), comes_back=True) == [killed.id]
    assert set(files(world)) == {theirs.id, by_hand.id}


def test_an_upload_of_a_killed_run_that_a_store_lists_stays(world):
    inputs = world.file("returns.md", "30 days")
    killed = file.create(world.session(), inputs)
    world.official().vector_stores.create_and_poll(file_ids=[killed.id], name="somebody's")
    (world.root / "returns.md").unlink()

    assert file.clear(world.session(), inputs, (), comes_back=True) == []
    assert list(files(world)) == [killed.id]


def test_before_a_destroy_an_upload_of_a_killed_run_goes_with_its_content_still_there(world):
    inputs = world.file("returns.md", "30 days")
    killed = file.create(world.session(), inputs)

    assert file.clear(world.session(), inputs, (), comes_back=False) == [killed.id]
    assert files(world) == {}


def test_more_than_five_hundred_files_go_in_batches(world):
    client = world.official()
    told = [
        {
            "path": f"f{number}.md",
            "sha256": f"{number:064x}",
            "file_id": client.files.upload(file=b"x", filename=f"f{number}.md", purpose="assistants").id,
        }
        for number in range(501)
    ]

    made = vector_store.create(world.session(), world.store(*told))

    assert made.outs["fileCounts"]["completed"] == 501
    assert len(world.requests("POST", f"/vector_stores/{made.id}/file_batches")) == 2


def test_equal_contents_are_in_a_store_once(world):
    one = uploaded(world, "a/returns.md")
    two = uploaded(world, "b/returns-copy.md")

    made = vector_store.create(world.session(), world.store(one, two))

    assert list(members(world, made.id)) == [one["file_id"]]


def test_a_store_that_an_agent_searches_isn_t_deleted_and_the_agent_is_named(world):
    made = vector_store.create(world.session(), world.store(uploaded(world)))
    tool = {"name": "policies", "type": "file_search", "vector_store_ids": [made.id]}
    user = agent.create(world.session(), world.agent(tools=[tool]))

    with pytest.raises(FoundryError, match=rf"vector store handbook .* used by agent desk \({user.id}\)"):
        vector_store.delete(world.session(), made.id, made.outs)


def test_a_store_that_an_agent_searched_when_it_was_listed_and_no_longer_does_is_deleted(world):
    made = vector_store.create(world.session(), world.store(uploaded(world)))
    search = [{"name": "find", "type": "file_search", "vector_store_ids": [made.id]}]
    user = agent.create(world.session(), world.agent(tools=search))
    session = world.session()
    agent.read(session, user.id, user.outs)
    world.official().update_agent(user.id, body={"tools": [], "tool_resources": {}})

    vector_store.delete(session, made.id, made.outs)

    assert list(world.official().vector_stores.list()) == []


def test_a_file_of_another_name_than_the_state_says_isn_t_deleted(world):
    ours = file.create(world.session(), world.file("returns.md", "30 days"))
    theirs = world.official().files.upload(file=b"x", filename="returns.md", purpose="assistants")

    file.delete(world.session(), theirs.id, ours.outs)

    assert set(files(world)) == {ours.id, theirs.id}


def test_a_store_taken_over_since_isn_t_deleted(world):
    inputs = world.store(uploaded(world))
    old = vector_store.create(world.session(), inputs)
    new = vector_store.create(world.session(), inputs)

    vector_store.delete(world.session(), old.id, old.outs)

    assert mark_of(world.official().vector_stores.get(new.id).metadata).incarnation == new.outs["incarnation"]


def test_a_store_made_by_hand_is_adopted_and_let_go_again(world):
    one, two = uploaded(world), uploaded(world, "knowledge/sizes.md", "S, M, L")
    by_hand = world.official().vector_stores.create_and_poll(file_ids=[two["file_id"]], name="old")
    inputs = {**world.store(one), "lifecycle": {"adopt": {"id": by_hand.id}}}

    made = vector_store.create(world.session(), inputs)
    assert (made.id, list(members(world, made.id))) == (by_hand.id, [one["file_id"]])
    vector_store.delete(world.session(), made.id, made.outs)

    assert KEY not in world.official().vector_stores.get(made.id).metadata


def test_an_expired_store_is_gone_and_made_anew(world):
    inputs = world.store(uploaded(world), expires_after_days=1)
    made = vector_store.create(world.session(), inputs)
    world.control("POST", "/clock", {"advance": 2 * 86_400})

    assert vector_store.read(world.session(), made.id, made.outs) is None
    again = vector_store.create(world.session(), inputs)

    assert [store.id for store in world.official().vector_stores.list()] == [again.id]
    assert again.id != made.id


def test_a_store_over_other_data_sources_steps_aside_for_the_new_one(world, standard_setup):
    standard_setup()

    def over(uri):
        inputs = world.store(name="contracts", data_sources=[{"type": "uri_asset", "uri": uri}])
        del inputs["definition"]["files"]
        return inputs

    session = world.session()
    old = vector_store.create(session, over("a"))
    assert old.outs["fileCounts"]["completed"] == 1
    tool = {"name": "contracts", "type": "file_search", "vector_store_ids": [old.id]}
    user = agent.create(session, world.agent(tools=[tool]))

    assert vector_store.diff(old.id, old.outs, over("b")).replaces == ("definition",)
    new = vector_store.create(session, over("b"))
    aside = mark_of(world.official().vector_stores.get(old.id).metadata)
    assert (aside.name, aside.incarnation) == ("contracts~superseded", old.outs["incarnation"])
    told = world.agent(tools=[{**tool, "vector_store_ids": [new.id]}])
    agent.update(session, user.id, user.outs, told)
    vector_store.delete(session, old.id, old.outs)

    assert [store.id for store in world.official().vector_stores.list()] == [new.id]
    assert vector_store.read(world.session(), new.id, new.outs).inputs == over("b")


def test_an_upload_that_is_never_answered_gives_up(world):
    world.faults({"match": UPLOADS, "action": {"status": 503, "retry_after": 1}})

    with pytest.raises(Unanswered, match="upload file"):
        file.create(world.session(retry_budget=3), world.file("returns.md", "30 days"))


def test_an_attach_that_is_never_answered_gives_up_within_the_budget(world):
    one = uploaded(world)
    world.faults({"match": ATTACHES, "action": {"status": 500, "message": "Out of order"}})

    with pytest.raises(Unanswered, match="attach files to vector store"):
        vector_store.create(world.session(retry_budget=20), world.store(one))

    assert 20 <= sum(world.time.slept) <= 60
