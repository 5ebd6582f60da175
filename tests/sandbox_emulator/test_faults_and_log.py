"""Trouble on request, and the log that shows what was asked."""

from typing import Any

import pytest
import requests
from azure.ai.agents import AgentsClient
from azure.core.exceptions import HttpResponseError, ServiceResponseError

from .conftest import Wire


def plan(wire: Wire, *rules: dict[str, Any]) -> None:
    reply = wire.control("PUT", "/faults", list(rules))
    assert reply.status_code == 200, reply.text


def test_a_refusal_strikes_the_call_it_is_meant_for(project: Wire) -> None:
    match = {"method": "POST", "path": "/assistants$", "nth": 2}
    plan(project, {"match": match, "action": {"status": 429, "code": "Busy", "retry_after": 1}})
    replies = [project.data("POST", "/assistants", {"model": "m"}) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 429, 200]
    assert replies[1].headers["Retry-After"] == "1"
    assert replies[1].json()["error"]["code"] == "Busy"
    assert len(project.data("GET", "/assistants").json()["data"]) == 2


def test_first_and_every_count_matching_calls(project: Wire) -> None:
    plan(project, {"match": {"path": "/assistants", "first": 2}, "action": {"status": 403}})
    assert [project.data("GET", "/assistants").status_code for _ in range(4)] == [403, 403, 200, 200]
    plan(project, {"match": {"path": "/assistants", "every": 2}, "action": {"status": 500}})
    assert [project.data("GET", "/assistants").status_code for _ in range(4)] == [200, 500, 200, 500]
    told = project.control("GET", "/faults").json()["rules"][0]
    assert (told["seen"], told["struck"]) == (4, 2)
    project.control("DELETE", "/faults")
    assert [project.data("GET", "/assistants").status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(("moment", "left"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_leaves_what_the_plan_says(project: Wire, moment: str, left: int) -> None:
    plan(project, {"match": {"method": "POST", "path": "/assistants"}, "action": {"drop": moment}})
    with pytest.raises(requests.exceptions.ConnectionError):
        project.data("POST", "/assistants", {"model": "m"})
    assert len(project.data("GET", "/assistants").json()["data"]) == left


def test_the_official_client_sees_a_lost_reply_as_one(agents: AgentsClient, project: Wire) -> None:
    plan(project, {"match": {"method": "POST", "path": "/assistants", "nth": 1}, "action": {"drop": "after"}})
    with pytest.raises(ServiceResponseError):
        agents.create_agent(model="m", retry_total=0)
    assert len(list(agents.list_agents())) == 1


def test_the_official_client_repeats_a_post_that_says_when(agents: AgentsClient, project: Wire) -> None:
    action = {"status": 429, "retry_after": 0.01}
    plan(project, {"match": {"method": "POST", "path": "/assistants", "nth": 1}, "action": action})
    agents.create_agent(model="m")
    plan(project, {"match": {"method": "POST", "path": "/assistants", "nth": 1}, "action": {"status": 429}})
    with pytest.raises(HttpResponseError):
        agents.create_agent(model="m")


def test_listings_may_lag_while_gets_do_not(project: Wire) -> None:
    plan(project, {"match": {"path": "/(assistants|files|vector_stores)$"}, "action": {"stale": 60}})
    agent = project.data("POST", "/assistants", {"model": "m"}).json()["id"]
    assert project.data("GET", "/assistants").json()["data"] == []
    assert project.data("GET", f"/assistants/{agent}").status_code == 200
    project.control("POST", "/clock", {"advance": 61})
    assert [item["id"] for item in project.data("GET", "/assistants").json()["data"]] == [agent]


def test_a_file_may_be_made_to_fail_by_name(agents: AgentsClient, project: Wire) -> None:
    plan(project, {"action": {"fail_files": ["bad.md"]}})
    ids = [
        agents.files.upload(file=b"x", purpose="assistants", filename=name).id
        for name in ("bad.md", "good.md")
    ]
    store = agents.vector_stores.create_and_poll(file_ids=ids, polling_interval=0.01)
    assert (store.file_counts.failed, store.file_counts.completed) == (1, 1)
    assert agents.vector_store_files.get(store.id, ids[0]).last_error.code == "server_error"


def test_a_refusal_may_come_after_the_deed(project: Wire) -> None:
    match = {"method": "POST", "path": "/assistants$"}
    plan(project, {"match": match, "action": {"status": 503, "when": "after"}})
    reply = project.data("POST", "/assistants", {"model": "m"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "Injected")
    assert "Retry-After" not in reply.headers
    assert len(project.data("GET", "/assistants").json()["data"]) == 1


def test_a_reply_may_break_off_in_its_middle(project: Wire) -> None:
    match = {"method": "POST", "path": "/(assistants|runs)$"}
    plan(project, {"match": match, "action": {"drop": "midway"}})
    with pytest.raises(requests.exceptions.RequestException):
        project.data("POST", "/assistants", {"model": "m"})
    (agent,) = project.data("GET", "/assistants").json()["data"]
    body = {"assistant_id": agent["id"], "stream": True, "thread": {"messages": []}}
    with pytest.raises(requests.exceptions.RequestException):
        project.data("POST", "/threads/runs", body)


def test_conditions_hold_together(project: Wire) -> None:
    match = {"path": "/assistants", "query": "limit=7", "after": 1, "every": 2}
    plan(project, {"match": match, "action": {"status": 500}})
    statuses = [project.data("GET", "/assistants", limit="7").status_code for _ in range(5)]
    assert statuses == [200, 200, 500, 200, 500]
    assert project.data("GET", "/assistants").status_code == 200


def test_a_seed_replays_what_chance_did(project: Wire) -> None:
    rules = [{"match": {"path": "/assistants", "chance": 0.5}, "action": {"status": 500}}]

    def play(document: Any) -> list[int]:
        assert project.control("PUT", "/faults", document).status_code == 200
        return [project.data("GET", "/assistants").status_code for _ in range(24)]

    first = play({"seed": 7, "rules": rules})
    assert {200, 500} == set(first)
    assert play({"seed": 7, "rules": rules}) == first
    assert play({"seed": 8, "rules": rules}) != first
    drawn = play(rules)
    seed = project.control("GET", "/faults").json()["seed"]
    assert play({"seed": seed, "rules": rules}) == drawn


@pytest.mark.parametrize(
    "delay",
    [{"uniform": [0.01, 0.02]}, {"normal": [0.01, 0.001]}, {"exponential": 0.01}, {"lognormal": [0.01, 0.1]}],
)
def test_delays_come_from_distributions_and_show_in_the_log(project: Wire, delay: Any) -> None:
    project.data("GET", "/assistants")
    project.control("DELETE", "/requests")
    reply = project.control("PUT", "/faults", {"seed": 3, "rules": [{"action": {"delay": delay}}]})
    assert reply.status_code == 200, reply.text
    assert project.data("GET", "/assistants").status_code == 200
    (entry,) = project.control("GET", "/requests").json()
    # `exponential` may draw next to nothing; the seed is one with which it doesn't.
    assert entry["milliseconds"] > 2


def test_files_may_be_slow_by_name(agents: AgentsClient, project: Wire) -> None:
    plan(project, {"action": {"slow_files": ["big-*"], "seconds": 60}})
    ids = [
        agents.files.upload(file=b"x", purpose="assistants", filename=name).id
        for name in ("big-one.md", "small.md")
    ]
    store = agents.vector_stores.create(file_ids=ids)
    counts = agents.vector_stores.get(store.id).file_counts
    assert (counts.in_progress, counts.completed) == (1, 1)
    project.control("POST", "/clock", {"advance": 61})
    assert agents.vector_stores.get(store.id).file_counts.completed == 2


def test_stores_may_be_made_to_expire_by_name(agents: AgentsClient, project: Wire) -> None:
    store = agents.vector_stores.create(name="handbook")
    plan(project, {"action": {"expire_stores": ["hand*"]}})
    assert agents.vector_stores.get(store.id).status == "expired"
    project.control("DELETE", "/faults")
    assert agents.vector_stores.get(store.id).status == "completed"


@pytest.mark.parametrize(
    "rules",
    [
        {},
        [{"action": {"delay": {"uniform": [1]}}}],
        [{"action": {"delay": {"sometimes": 1}}}],
        [{"action": {}, "match": {"chance": 2}}],
        {"rules": [], "seed": "x"},
        [{"action": {"status": 200}}],
        [{"action": {"explode": 1}}],
        [{"match": {"path": "("}, "action": {}}],
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(wire: Wire, rules: Any) -> None:
    assert wire.control("PUT", "/faults", rules).status_code == 400


def test_the_log_tells_calls_and_never_tokens(project: Wire) -> None:
    project.control("DELETE", "/requests")
    project.data("GET", "/assistants", limit="5")
    reply = project.control("GET", "/requests")
    calls = [(item["method"], item["path"], item["query"], item["status"]) for item in reply.json()]
    assert calls[-1] == (
        "GET",
        "/accounts/contoso/api/projects/support/assistants",
        "limit=5&api-version=v1",
        200,
    )
    assert project.token("x").partition(".")[0] not in reply.text


@pytest.mark.parametrize(("method", "path"), [("GET", "/faults"), ("GET", "/requests"), ("PUT", "/faults")])
def test_control_asks_for_the_header(wire: Wire, method: str, path: str) -> None:
    assert wire.session.request(method, f"{wire.serving.url}/_sandbox{path}").status_code == 401


def test_health_is_open_but_refuses_the_header_of_another_sandbox(wire: Wire) -> None:
    url = f"{wire.serving.url}/_sandbox/health"
    assert wire.session.get(url).json()["status"] == "ok"
    assert wire.session.get(url, headers={"X-IDENTITY-HEADER": "other"}).status_code == 401
