"""An agent that nobody can ask in text is refused by name before anything is sent."""

import pytest

from foundry.cli import main
from foundry.cli.conversing import refuse_unless_asked_in_text
from foundry.model import FoundryError


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (
            {"external": {}},
            "agent desk runs somewhere else: the service can't ask it; ask one that answers in text",
        ),
        (
            {"voice": {"model": "m"}},
            "agent desk is spoken with: it has no conversations in text; ask one that",
        ),
    ],
)
def test_an_agent_without_conversations_in_text_is_refused(definition, said):
    with pytest.raises(FoundryError) as refused:
        refuse_unless_asked_in_text("desk", definition)
    assert said in str(refused.value)


def test_an_agent_that_answers_in_text_is_asked():
    refuse_unless_asked_in_text("desk", {"model": "chat", "external": None})


@pytest.mark.parametrize("command", ["ask", "try"])
@pytest.mark.parametrize("question", ["", "  "])
def test_a_question_without_words_is_refused(capsys, command, question):
    with pytest.raises(SystemExit) as ended:
        main([command, "desk", question])
    assert ended.value.code == 2
    assert "it is empty; write the question in quotes" in capsys.readouterr().err
