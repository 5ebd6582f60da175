"""Generated lives of versioned agents: what is listed, latest and gone is what a small model says."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Wire

NAMES = ("a", "b")
DRAFTS = {"Foundry-Features": "DraftAgents=V1Preview"}

steps = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.sampled_from(NAMES), st.booleans()),
        st.tuples(st.just("delete version"), st.sampled_from(NAMES), st.integers(1, 4)),
        st.tuples(st.just("delete"), st.sampled_from(NAMES), st.none()),
    ),
    max_size=12,
)


class Model:
    """What should be there: for each name its next number and its versions, oldest first, each a draft or not."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[int, dict[int, bool]]] = {}

    def create(self, name: str, draft: bool) -> int:
        number, versions = self.held.get(name, (1, {}))
        self.held[name] = (number + 1, {**versions, number: draft})
        return number

    def delete_version(self, name: str, number: int) -> bool:
        following, versions = self.held.get(name, (1, {}))
        if number not in versions:
            return False
        rest = {key: draft for key, draft in versions.items() if key != number}
        if rest:
            self.held[name] = (following, rest)
        else:
            del self.held[name]
        return True

    def latest(self, name: str) -> int:
        versions = self.held[name][1]
        released = [number for number, draft in versions.items() if not draft]
        return max(released or versions)


def call(wire: Wire, method: str, path: str, body: Any = None, **query: str) -> Any:
    base = "/accounts/contoso/api/projects/support/agents"
    query["api-version"] = "v1"
    return wire.send(method, base + path, "https://ai.azure.com", params=query, json=body, headers=DRAFTS)


def check(wire: Wire, model: Model) -> None:
    listed = call(wire, "GET", "").json()["data"]
    assert {item["name"]: item["versions"]["latest"]["version"] for item in listed} == {
        name: str(model.latest(name)) for name in model.held
    }
    for name in NAMES:
        reply = call(wire, "GET", f"/{name}/versions", include_drafts="true", order="asc", limit="1")
        if name not in model.held:
            assert reply.status_code == 404
            continue
        versions = model.held[name][1]
        seen = reply.json()["data"]
        while reply.json()["has_more"]:
            after = reply.json()["last_id"]
            reply = call(
                wire, "GET", f"/{name}/versions", include_drafts="true", order="asc", limit="1", after=after
            )
            seen += reply.json()["data"]
        assert [(item["version"], item["draft"]) for item in seen] == [
            (str(number), draft) for number, draft in versions.items()
        ]
        released = call(wire, "GET", f"/{name}/versions", order="asc").json()["data"]
        assert [item["version"] for item in released] == [
            str(number) for number, draft in versions.items() if not draft
        ]


@pytest.mark.usefixtures("project")
@given(life=steps)
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_generated_lives_of_agents_end_as_the_model_says(wire: Wire, life: list[Any]) -> None:
    for name in NAMES:
        call(wire, "DELETE", f"/{name}")
    model = Model()
    for what, name, detail in life:
        match what:
            case "create":
                body = {"definition": {"kind": "prompt", "model": "m"}, "draft": detail}
                made = call(wire, "POST", f"/{name}/versions", body).json()
                assert made["version"] == str(model.create(name, detail))
            case "delete version":
                reply = call(wire, "DELETE", f"/{name}/versions/{detail}")
                assert (reply.status_code == 200) == model.delete_version(name, detail)
            case _:
                assert (call(wire, "DELETE", f"/{name}").status_code == 200) == (name in model.held)
                model.held.pop(name, None)
    check(wire, model)
