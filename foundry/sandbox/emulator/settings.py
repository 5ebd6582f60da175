"""What one emulator may be told when it starts, and the fixed facts of its little cloud."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SUBSCRIPTION: Final = "00000000-0000-4000-8000-000000000001"
TENANT: Final = "00000000-0000-4000-8000-0000000000f0"


@dataclass(frozen=True, slots=True)
class Settings:
    """Timing and strictness. All durations are seconds.

    Attributes:
        operation_delay: How long a slow ARM operation stays in progress.
        store_delay: How long a file of a vector store stays `in_progress`.
        store_polls: Reads after which a file of a vector store leaves `in_progress`, on top of `store_delay`.
        run_delay: How long a run stays `queued`.
        version_delay: How long a hosted agent version stays `creating`.
        reuse_versions: Whether creating an agent version that says what the latest one says returns that one.
        separate_dialects: Whether files and vector stores of the classic dialect and those below `/openai/v1` are kept apart.
        late_roles: How long a role assignment needs before the data planes honour it.
        token_seconds: Life of an access token.
        check_host_roles: Whether a project capability host fails without the roles it needs.
        tool_seconds: How long a tool's server, a queue or a model may take for an answer.
        rules: Another folder with rules that agents follow, besides `rules` in the emulator's folder, which goes before it.
        model_url: Base URL of a model that speaks OpenAI's chat completions; none by default.
        model_name: Its name there; by default the deployment the run names.
        model_key: Its API key.
    """

    operation_delay: float = 0.05
    store_delay: float = 0.05
    store_polls: int = 0
    run_delay: float = 0.0
    version_delay: float = 0.05
    reuse_versions: bool = False
    separate_dialects: bool = False
    late_roles: float = 0.0
    token_seconds: int = 86_400
    check_host_roles: bool = True
    tool_seconds: float = 30.0
    rules: Path | None = None
    model_url: str = ""
    model_name: str = ""
    model_key: str = field(default="", repr=False)
