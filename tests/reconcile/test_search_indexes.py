"""An index is changed in place where the service can, never rebuilt unasked, and never taken from somebody else."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.search.documents import SearchClient
from azure.search.documents.indexes import SearchIndexClient
from azure.search.documents.indexes.models import SearchAlias

from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile import agent, search_index
from foundry.reconcile.marks import mark_in


@pytest.fixture
def index(world, search_endpoint):
    return Indexes(world, search_endpoint)


class Indexes:
    """Indexes of one test: their inputs, and the official clients."""

    def __init__(self, world, endpoint):
        self.world = world
        self.endpoint = endpoint
        self.name = f"products-{world.name}"

    def inputs(self, *more_fields, owner=None, documents=(), **given):
        handling = {
            key: given.pop(key) for key in ("alias", "rebuild", "downtime", "lifecycle") if key in given
        }
        fields = [
            {"name": "id", "type": "Edm.String", "key": True},
            {"name": "title", "type": "Edm.String", "searchable": True},
            *more_fields,
        ]
        return {
            "owner": owner or self.world.agent()["owner"],
            "name": "products",
            "dialect": "classic",
            "service": self.world.search,
            "endpoint": self.endpoint,
            "lifecycle": {},
            "rebuild": "forbid",
            "documents": list(documents),
            "definition": {"name": self.name, "fields": fields, **given},
            **handling,
        }

    def documents(self, *rows, path="data/products.jsonl"):
        local = self.world.root / path
        local.parent.mkdir(parents=True, exist_ok=True)
        content = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()
        local.write_bytes(content)
        return {"path": path, "sha256": hashlib.sha256(content).hexdigest()}

    @property
    def official(self):
        return SearchIndexClient(self.endpoint, self.world.credential())

    def live(self, name=None):
        return self.official.get_index(name or self.name)

    def count(self, name=None):
        return SearchClient(self.endpoint, name or self.name, self.world.credential()).get_document_count()

    def merges(self):
        """Requests that wrote documents, of all that the log holds."""
        entries = self.world.control("GET", "/requests").json()
        return len(
            [one for one in entries if one["path"].endswith(f"/indexes('{self.name}')/docs/search.index")]
        )

    def by_hand(self, name=None, **more):
        body = {"name": name or self.name, "fields": self.inputs()["definition"]["fields"], **more}
        from azure.search.documents.indexes.models import SearchIndex

        return self.official.create_index(SearchIndex(body))


SKU = {"name": "sku", "type": "Edm.String"}


def paths(difference):
    return [change.path for change in difference.changes]


def test_an_index_is_made_with_a_mark_in_its_description(index, world):
    made = search_index.create(world.session(), index.inputs(description="All products"))

    description, mark = mark_in(index.live().description)
    assert (made.id, description, mark.name) == (index.name, "All products", "products")
    assert mark.owner.stack_id == "11111111-1111-4111-8111-111111111111"


def test_a_diff_after_an_apply_is_empty(index, world):
    inputs = index.inputs(
        {
            "name": "vector",
            "type": "Collection(Edm.Single)",
            "searchable": True,
            "dimensions": 3,
            "vectorSearchProfile": "p",
        },
        vectorSearch={
            "algorithms": [{"name": "h", "kind": "hnsw"}],
            "profiles": [{"name": "p", "algorithm": "h"}],
        },
        semantic={
            "defaultConfiguration": "main",
            "configurations": [{"name": "main", "prioritizedFields": {"titleField": {"fieldName": "title"}}}],
        },
    )
    made = search_index.create(world.session(), inputs)

    seen = search_index.read(world.session(), made.id, made.outs)

    assert search_index.diff(made.id, seen.outs, inputs).changes == ()
    assert seen.inputs == inputs


def test_what_the_service_can_do_in_place_is_done_in_place(index, world):
    made = search_index.create(world.session(), index.inputs())
    changed = index.inputs(SKU, description="now described")

    difference = search_index.diff(made.id, made.outs, changed)
    assert (paths(difference), difference.replaces) == (["description", "fields[sku]"], ())
    outs = search_index.update(world.session(), made.id, made.outs, changed)

    assert [field.name for field in index.live().fields] == ["id", "title", "sku"]
    assert mark_in(index.live().description)[1].incarnation == outs["incarnation"] == made.outs["incarnation"]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ([SKU], [], "field sku can't be deleted"),
        ([SKU], [{**SKU, "type": "Edm.Int32"}], "field sku: type is fixed"),
        ([SKU], [{**SKU, "filterable": False}], "field sku: filterable is fixed"),
        ([SKU], [{**SKU, "analyzer": "en.microsoft"}], "field sku: analyzer is fixed"),
    ],
)
def test_what_would_need_a_rebuild_is_refused_with_the_fields_that_stand_in_the_way(
    index, world, before, after, reason
):
    made = search_index.create(world.session(), index.inputs(*before))
    changed = index.inputs(*after)

    (problem,) = search_index.check(made.outs, changed)
    with pytest.raises(FoundryError, match=reason) as raised:
        search_index.update(world.session(), made.id, made.outs, changed)

    assert reason in problem.reason
    assert "service_name" in raised.value.fix
    assert "behind_alias" in raised.value.fix


def test_a_name_in_use_is_refused(index, world):
    index.by_hand(description="Somebody's")

    with pytest.raises(FoundryError, match=r"exists already and isn't ours.*lifecycle\.adopt"):
        search_index.create(world.session(), index.inputs())

    assert index.live().description == "Somebody's"


def test_a_name_in_use_can_be_adopted_and_is_let_go_again(index, world):
    index.by_hand(description="Somebody's")
    inputs = index.inputs(SKU, lifecycle={"adopt": {"id": index.name}})

    made = search_index.create(world.session(), inputs)
    assert made.outs["adopted"] is True
    assert [field.name for field in index.live().fields] == ["id", "title", "sku"]
    search_index.delete(world.session(), made.id, made.outs)

    assert mark_in(index.live().description)[1] is None


def test_another_stack_s_index_is_refused_and_left_alone(index, world):
    theirs = search_index.create(world.session(), index.inputs(owner=world.other))

    with pytest.raises(FoundryError, match="belongs to shop/dev"):
        search_index.create(world.session(), index.inputs())

    assert mark_in(index.live().description)[1].incarnation == theirs.outs["incarnation"]


def test_a_lost_answer_and_a_lost_state_are_found_again(index, world):
    world.control(
        "PUT",
        "/faults",
        [{"match": {"method": "PUT", "path": "/indexes", "nth": 1}, "action": {"drop": "after"}}],
    )
    first = search_index.create(world.session(), index.inputs())
    before = index.live().as_dict()

    second = search_index.create(world.session(), index.inputs())

    after = index.live().as_dict()
    assert first.id == second.id
    assert {**before, "description": "", "@odata.etag": ""} == {**after, "description": "", "@odata.etag": ""}


def test_a_replacement_s_predecessor_is_not_deleted(index, world):
    old = search_index.create(world.session(), index.inputs())
    search_index.create(world.session(), index.inputs())

    search_index.delete(world.session(), old.id, old.outs)

    assert index.live().name == index.name


def test_deleting_takes_the_index_and_is_repeatable(index, world):
    made = search_index.create(world.session(), index.inputs())

    search_index.delete(world.session(), made.id, made.outs)
    search_index.delete(world.session(), made.id, made.outs)

    assert index.name not in list(index.official.list_index_names())


def test_a_delete_whose_answer_is_lost_is_no_failure(index, world):
    made = search_index.create(world.session(), index.inputs())
    lost = {"match": {"method": "DELETE", "path": "/indexes", "first": 1}, "action": {"drop": "after"}}
    world.control("PUT", "/faults", [lost])

    search_index.delete(world.session(), made.id, made.outs)

    assert index.name not in list(index.official.list_index_names())


def test_an_index_whose_mark_was_taken_off_is_never_deleted(index, world):
    made = search_index.create(world.session(), index.inputs())
    live = index.live()
    live.description = "Mine now"
    index.official.create_or_update_index(live)

    search_index.delete(world.session(), made.id, made.outs)

    assert index.live().description == "Mine now"


def test_an_index_that_an_agent_searches_isn_t_deleted(index, world, search_agent):
    made = search_index.create(world.session(), index.inputs())
    session = world.session()
    user = agent.create(session, search_agent(index.name))

    with pytest.raises(FoundryError, match=rf"used by agent stock \({user.id}\)"):
        search_index.delete(session, made.id, made.outs)


def test_an_index_is_read_from_one_listing_and_a_deleted_one_is_gone(index, world):
    made = search_index.create(world.session(), index.inputs())
    session = world.session()
    assert search_index.read(session, made.id, made.outs) is not None

    index.official.delete_index(index.name)

    assert search_index.read(world.session(), made.id, made.outs) is None


def test_an_edit_by_hand_is_drift(index, world):
    inputs = index.inputs()
    made = search_index.create(world.session(), inputs)
    live = index.live()
    live.fields[1].hidden = True
    live.description = live.description.replace("(foundry", "Edited (foundry")
    index.official.create_or_update_index(live)

    seen = search_index.read(world.session(), made.id, made.outs)
    assert paths(search_index.diff(made.id, seen.outs, inputs)) == [
        "description",
        "fields[title].retrievable",
    ]
    search_index.update(world.session(), made.id, seen.outs, inputs)

    assert index.live().fields[1].hidden is False


def test_drift_that_is_only_reported_stays_and_keeps_its_age(index, world):
    inputs = {**index.inputs(description="All products"), "lifecycle": {"onDrift": "report"}}
    made = search_index.create(world.session(), inputs)
    body = index.live()
    body.description = body.description.replace("All products", "Old stock")
    index.official.create_or_update_index(body)

    seen = search_index.read(world.session(), made.id, made.outs)
    assert search_index.diff(made.id, seen.outs, inputs).changes == ()
    outs = search_index.update(world.session(), made.id, seen.outs, {**inputs, "name": "goods"})

    assert outs["driftSince"] == seen.outs["driftSince"]
    assert mark_in(index.live().description)[0] == "Old stock"

    origins = {"corsOptions": {"allowedOrigins": ["https://shop.example"], "maxAgeInSeconds": 60}}
    edited = {**index.inputs(description="All products", **origins), "lifecycle": {"onDrift": "report"}}
    seen = search_index.read(world.session(), made.id, outs)
    assert "description" not in paths(search_index.diff(made.id, seen.outs, edited))
    outs = search_index.update(world.session(), made.id, seen.outs, edited)
    live = index.live()
    assert (mark_in(live.description)[0], live.cors_options.max_age_in_seconds) == ("Old stock", 60)
    assert outs["driftSince"] == seen.outs["driftSince"]


def test_documents_are_merged_by_key_and_only_when_they_changed(index, world):
    told = index.documents({"id": "1", "title": "Tent"}, {"id": "2", "title": "Stove"})
    inputs = index.inputs(documents=[told])
    made = search_index.create(world.session(), inputs)
    assert index.count() == 2
    world.control("DELETE", "/requests")

    search_index.create(world.session(), inputs)
    search_index.update(world.session(), made.id, made.outs, inputs)
    assert index.merges() == 0

    more = index.inputs(
        documents=[index.documents({"id": "2", "title": "Stove, red"}, {"id": "3", "title": "Rope"})]
    )
    assert paths(search_index.diff(made.id, made.outs, more)) == ["documents"]
    search_index.update(world.session(), made.id, made.outs, more)
    assert (index.count(), index.merges()) == (3, 1)


def test_documents_go_in_batches_of_a_thousand(index, world):
    told = index.documents(*({"id": str(number), "title": "t"} for number in range(1_001)))
    world.control("DELETE", "/requests")

    search_index.create(world.session(), index.inputs(documents=[told]))

    assert (index.count(), index.merges()) == (1_001, 2)


def test_documents_larger_than_a_request_may_be_go_in_several(index, world):
    told = index.documents(*({"id": str(number), "title": "t" * 4_000_000} for number in range(5)))
    world.control("DELETE", "/requests")

    search_index.create(world.session(), index.inputs(documents=[told]))

    assert (index.count(), index.merges()) == (5, 2)


def test_a_line_that_isn_t_json_is_told_with_its_place(index, world):
    told = index.documents({"id": "1", "title": "Tent"}, "{nonsense")

    with pytest.raises(FoundryError, match=r"data/products\.jsonl:2:1: isn't JSON"):
        search_index.create(world.session(), index.inputs(documents=[told]))


def test_a_document_that_the_service_refuses_is_told(index, world):
    told = index.documents({"title": "no key"})

    with pytest.raises(FoundryError, match=r"merge documents|refused documents"):
        search_index.create(world.session(), index.inputs(documents=[told]))


def test_a_rebuild_behind_an_alias_fills_the_new_index_before_the_alias_turns(index, world):
    told = index.documents({"id": "1", "title": "Tent"})
    alias = f"alias-{world.name}"
    before = index.inputs(SKU, alias=alias, rebuild="behind_alias", documents=[told])
    old = search_index.create(world.session(), before)
    after = index.inputs(alias=alias, rebuild="behind_alias", documents=[told])

    difference = search_index.diff(old.id, old.outs, after)
    assert (difference.replaces, difference.delete_before_replace) == (("definition",), False)
    session = world.session()
    new = search_index.create(session, after)
    assert new.id != old.id
    assert index.count(new.id) == 1
    assert list(index.official.get_alias(alias).indexes) == [new.id]
    search_index.delete(session, old.id, old.outs)

    assert old.id not in list(index.official.list_index_names())
    seen = search_index.read(world.session(), new.id, new.outs)
    assert search_index.diff(new.id, seen.outs, after).changes == ()


CODES = {
    "tokenizers": [
        {"name": "dash", "@odata.type": "#Microsoft.Azure.Search.PatternTokenizer", "pattern": "-"}
    ],
    "analyzers": [
        {"name": "codes", "@odata.type": "#Microsoft.Azure.Search.CustomAnalyzer", "tokenizer": "dash"}
    ],
}


def test_new_analyzers_are_refused_unless_the_index_may_go_offline(index, world):
    made = search_index.create(world.session(), index.inputs())
    changed = index.inputs(**CODES)

    (problem,) = search_index.check(made.outs, changed)
    with pytest.raises(FoundryError, match="only while the index is offline") as raised:
        search_index.update(world.session(), made.id, made.outs, changed)

    assert "tokenizers[dash] can be added only while the index is offline" in problem.reason
    assert "downtime: allow" in raised.value.fix
    assert not index.live().analyzers


def test_new_analyzers_are_added_in_place_when_the_index_may_go_offline_and_only_that_asks_for_it(
    index, world
):
    told = index.documents({"id": "1", "title": "Tent"})
    made = search_index.create(world.session(), index.inputs(downtime="allow"))
    changed = index.inputs(downtime="allow", documents=[told], **CODES)

    assert search_index.check(made.outs, changed) == []
    assert search_index.diff(made.id, made.outs, changed).replaces == ()
    outs = search_index.update(world.session(), made.id, made.outs, changed)
    search_index.update(
        world.session(),
        made.id,
        outs,
        {**changed, "definition": {**changed["definition"], "description": "x"}},
    )

    assert [one.name for one in index.live().analyzers] == ["codes"]
    entries = world.control("GET", "/requests").json()
    written = [one for one in entries if one["method"] == "PUT" and f"'{index.name}'" in one["path"]]
    assert ["allowIndexDowntime" in one["query"] for one in written] == [False, True, False, False]


def test_new_analyzers_make_a_second_index_where_that_is_declared_and_downtime_is_not(index, world):
    behind = {"alias": f"alias-{world.name}", "rebuild": "behind_alias"}
    made = search_index.create(world.session(), index.inputs(**behind))

    assert search_index.diff(made.id, made.outs, index.inputs(**behind, **CODES)).replaces == ("definition",)
    allowed = index.inputs(**behind, **CODES, downtime="allow")
    assert search_index.diff(made.id, made.outs, allowed).replaces == ()


def test_a_word_for_downtime_that_means_nothing_is_refused(index):
    (problem,) = search_index.check({}, index.inputs(downtime="yes"))

    assert (problem.path, problem.reason) == ("downtime", "'yes' means nothing; write forbid or allow")


@pytest.mark.parametrize("afterwards", ["other", None])
def test_an_alias_that_is_no_longer_declared_goes(index, world, afterwards):
    first, then = f"alias-{world.name}", f"{afterwards}-{world.name}" if afterwards else None
    made = search_index.create(world.session(), index.inputs(alias=first))

    outs = search_index.update(world.session(), made.id, made.outs, index.inputs(alias=then))

    ours = {
        one.name: list(one.indexes) for one in index.official.list_aliases() if one.name.endswith(world.name)
    }
    assert ours == ({then: [made.id]} if then else {})
    search_index.delete(world.session(), made.id, outs)
    assert index.name not in list(index.official.list_index_names())


def test_an_alias_that_stands_for_another_index_by_now_stays(index, world):
    alias = f"alias-{world.name}"
    made = search_index.create(world.session(), index.inputs(alias=alias))
    index.by_hand(f"other-{world.name}")
    index.official.create_or_update_alias(SearchAlias(name=alias, indexes=[f"other-{world.name}"]))

    search_index.update(world.session(), made.id, made.outs, index.inputs())

    assert list(index.official.get_alias(alias).indexes) == [f"other-{world.name}"]


def aliases_of(index, world):
    return {one.name: one.indexes[0] for one in index.official.list_aliases() if world.name in one.name}


@pytest.mark.parametrize("then", ["same", "another"])
@pytest.mark.parametrize("is_killed", [False, True])
def test_an_index_that_gets_another_name_takes_its_alias_along_and_leaves_none(index, world, then, is_killed):
    alias, later = f"alias-{world.name}", f"{'alias' if then == 'same' else 'later'}-{world.name}"
    old = search_index.create(world.session(), index.inputs(alias=alias))
    session = world.session()
    search_index.read(session, old.id, old.outs)
    new = search_index.create(session, {**index.inputs(alias=later), "name": "goods"})
    if is_killed:
        session = world.session()
        for one in (old, new):
            search_index.read(session, one.id, one.outs)

    search_index.delete(session, old.id, old.outs)

    assert aliases_of(index, world) == {later: new.id}
    search_index.delete(world.session(), new.id, new.outs)
    assert aliases_of(index, world) == {}


def test_an_alias_that_somebody_deletes_or_turns_is_drift_and_put_back(index, world):
    alias, wanted = f"alias-{world.name}", index.inputs(alias=f"alias-{world.name}")
    made = search_index.create(world.session(), wanted)
    other = {**index.inputs(), "name": "other"}
    other["definition"] = {**other["definition"], "name": f"other-{world.name}"}
    theirs = search_index.create(world.session(), other)
    outs = made.outs
    for meddle in (
        lambda: index.official.delete_alias(alias),
        lambda: index.official.create_or_update_alias(SearchAlias(name=alias, indexes=[theirs.id])),
    ):
        meddle()
        seen = search_index.read(world.session(), made.id, outs)
        assert [change.path for change in search_index.diff(made.id, seen.outs, wanted).changes] == ["alias"]
        outs = search_index.update(world.session(), made.id, seen.outs, wanted)
        assert aliases_of(index, world) == {alias: made.id}
        assert (
            search_index.diff(made.id, search_index.read(world.session(), made.id, outs).outs, wanted).changes
            == ()
        )

    told = {**wanted, "lifecycle": {"onDrift": "report"}}
    outs = search_index.update(world.session(), made.id, outs, told)
    index.official.delete_alias(alias)
    seen = search_index.read(world.session(), made.id, outs)
    assert search_index.diff(made.id, seen.outs, told).changes == ()


def test_two_indexes_that_exchange_their_aliases_at_once_both_have_one(index, world):
    names = (f"one-{world.name}", f"two-{world.name}")
    wanted, made = [], []
    for name, alias in zip(names, (f"a-{world.name}", f"b-{world.name}"), strict=True):
        told = {**index.inputs(alias=alias), "name": name}
        wanted.append({**told, "definition": {**told["definition"], "name": name}})
        made.append(search_index.create(world.session(), wanted[-1]))
    swapped = [{**told, "alias": other["alias"]} for told, other in zip(wanted, wanted[::-1], strict=True)]
    session = world.session()
    # The first index is ahead: it is deleting its old alias when the second one comes to turn that to itself.
    slow = [
        {
            "match": {"method": "GET", "path": f"/indexes.*two-{world.name}", "nth": 1},
            "action": {"delay": 0.2},
        },
        {"match": {"method": "DELETE", "path": f"/aliases.*a-{world.name}"}, "action": {"delay": 1.0}},
    ]
    assert world.control("PUT", "/faults", slow).ok

    with ThreadPoolExecutor(2) as pool:
        list(
            pool.map(
                lambda one: search_index.update(session, one[0].id, one[0].outs, one[1]),
                zip(made, swapped, strict=True),
            )
        )

    world.control("PUT", "/faults", [])
    assert aliases_of(index, world) == {f"a-{world.name}": names[1], f"b-{world.name}": names[0]}


def test_an_index_that_somebody_else_s_alias_stands_for_isn_t_deleted_and_the_alias_is_named(index, world):
    made = search_index.create(world.session(), index.inputs())
    alias = f"theirs-{world.name}"
    index.official.create_alias(SearchAlias(name=alias, indexes=[made.id]))

    with pytest.raises(
        FoundryError, match=f"isn't deleted: the alias {alias}, which this stack doesn't"
    ) as told:
        search_index.delete(world.session(), made.id, made.outs)
    assert told.value.fix.startswith("delete it or turn it to another index")
    index.official.delete_alias(alias)
    search_index.delete(world.session(), made.id, made.outs)


def test_an_alias_of_somebody_else_s_index_isn_t_turned(index, world):
    index.by_hand(f"other-{world.name}")
    alias = f"alias-{world.name}"
    index.official.create_alias(SearchAlias(name=alias, indexes=[f"other-{world.name}"]))

    with pytest.raises(FoundryError, match=rf"alias {alias} stands for index other-{world.name}"):
        search_index.create(world.session(), index.inputs(alias=alias))


def test_a_change_in_between_isn_t_overwritten(index, world):
    made = search_index.create(world.session(), index.inputs())
    rule = {
        "match": {"method": "PUT", "path": "/indexes"},
        "action": {"status": 412, "message": "Precondition failed."},
    }
    world.control("PUT", "/faults", [rule, rule])

    with pytest.raises(FoundryError, match="status 412"):
        search_index.update(world.session(), made.id, made.outs, index.inputs(SKU))


def test_another_name_or_service_makes_another_index_and_a_forced_replacement_deletes_first(index, world):
    props = {**index.inputs(), "applied": index.inputs()["definition"]}
    renamed = {**index.inputs(), "definition": {**index.inputs()["definition"], "name": "other"}}
    unknown = {**index.inputs(), "definition": {**index.inputs()["definition"], "name": UNKNOWN}}

    assert search_index.diff("x", props, renamed).replaces == ("definition",)
    assert search_index.diff("x", props, renamed).delete_before_replace is False
    assert search_index.diff("x", props, {**index.inputs(), "service": UNKNOWN}).replaces == ("service",)
    assert search_index.diff("x", props, unknown).replaces == ()
    assert search_index.diff("x", props, index.inputs()).delete_before_replace is True


def test_a_project_that_is_gone_keeps_no_index_from_being_deleted(index, world, gone):
    session = world.session()
    made = search_index.create(session, index.inputs())
    agent.create(session, world.agent())
    gone(world.project)
    again = world.session()
    again.project(world.endpoint)

    search_index.delete(again, made.id, made.outs)

    assert index.name not in list(index.official.list_index_names())
