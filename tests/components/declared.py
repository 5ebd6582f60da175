"""A small environment to vary."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from foundry import model

STACK_ID = "5d2f6f0c-1d5e-4f43-9b3c-0a8f3f0a1b2c"
DEVELOPERS = "00000000-0000-4000-8000-0000000000a1"

_STANDARD = model.Environment(
    name="contoso",
    location="swedencentral",
    dialect=model.Dialect.CLASSIC,
    setup=model.Setup.STANDARD,
    resource_group=model.ResourceGroup(name="rg-contoso"),
    account=model.Account(),
    projects={"support": model.Project("support", "Support", "Orders and returns")},
    deployments=(
        model.Deployment(
            "chat", "OpenAI", "gpt-4.1-mini", "2025-04-14", "GlobalStandard", 50, "NoAutoUpgrade", "strict"
        ),
        model.Deployment(
            "embeddings", "OpenAI", "text-embedding-3-small", "1", "Standard", 30, "NoAutoUpgrade"
        ),
    ),
    content_filters=(
        model.ContentFilter(
            "strict",
            "Microsoft.DefaultV2",
            (
                model.FilterRule("Violence", ("Prompt", "Completion"), "Low"),
                model.FilterRule("Jailbreak", ("Prompt",)),
            ),
        ),
    ),
    storage=model.Storage(containers=("exports",), queues=("quote-in", "quote-out")),
    search=model.Search(),
    thread_store=model.ThreadStore(),
    monitoring=model.Monitoring(daily_quota_gb=1),
    access=(
        model.AccessGrant(
            "developers",
            "Group",
            DEVELOPERS,
            {"project": ("Foundry User",), "account": ("Reader",), "monitoring": ("Log Analytics Reader",)},
        ),
    ),
    tags={"team": "support"},
)


def standard(**changes: Any) -> model.Environment:
    """A standard setup with one project, and what differs from it."""
    return replace(_STANDARD, **changes)


def basic(**changes: Any) -> model.Environment:
    """A basic setup with one project and nothing beside the account."""
    return standard(
        **{
            "setup": model.Setup.BASIC,
            "storage": None,
            "search": None,
            "thread_store": None,
            "monitoring": None,
            "access": (),
            **changes,
        }
    )


def manifest(environment: model.Environment, **contents: Any) -> model.Manifest:
    """A manifest of an environment; `agents`, `vector_stores` and `search_indexes` as given."""
    nothing: dict[str, Any] = {"agents": (), "vector_stores": (), "search_indexes": ()}
    owner = model.Owner("foundry-as-code", "test", STACK_ID)
    return model.Manifest(owner, environment, **{**nothing, **contents})


def agent(name: str, *tools: model.Tool, **changes: Any) -> model.Agent:
    """An agent of the first project."""
    plain = model.Agent(name, name, "support", model.Dialect.CLASSIC, "chat", tools=tools)
    return replace(plain, **changes)


def store(name: str, *paths: str, **changes: Any) -> model.VectorStore:
    """A vector store of the first project with files of one byte."""
    files = tuple(model.KnowledgeFile(path, f"sha of {path}", 1) for path in paths)
    return replace(model.VectorStore(name, name, "support", model.Dialect.CLASSIC, files=files), **changes)
