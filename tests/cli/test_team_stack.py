"""Agents alone, on somebody else's platform: a stack that names another stack, and rights on the data plane only."""

from __future__ import annotations

from tests.cli.conftest import Clone


class Developer(Clone):
    """The clone as a member of the developers' group works in it: no right to change anything in Azure Resource Manager."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "AZURE_CLIENT_ID": "sandbox-developer"}


def test_a_team_brings_its_agent_up_and_destroys_it_without_touching_the_platform(up: Clone) -> None:
    team = Developer(up.root, up.engine)
    before = up.outputs()

    team.fac("up", "-s", "team", "--yes")
    outputs = team.outputs("team")
    answer = team.fac("ask", "workshop-helper", "How do I replace the valve of a sleeping mat?", "-s", "team")
    team.fac("preview", "-s", "team", "--expect-no-changes")

    assert outputs["projectEndpoint"] == before["projectEndpoint"]
    assert list(outputs["agents"]) == ["workshop-helper"]
    assert "cites sleeping-mats.md" in answer
    team.fac("destroy", "-s", "team", "--yes")
    up.assert_whole()
    up.fac("preview", "--expect-no-changes")


def test_a_platform_that_is_not_up_is_named(clone: Clone) -> None:
    code, printed = clone.run("up", "-s", "team", "--yes")

    assert code != 0
    assert "organization/foundry-as-code/sandbox" in printed
    assert "Traceback" not in printed
