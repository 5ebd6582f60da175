"""Every operation of the official clients of a project, read from the installed packages, and whether the emulator serves it.

python -m tests.sandbox_emulator.operations > docs/emulator-clients.md
"""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import openai

from foundry.sandbox.emulator.application import FAMILIES
from foundry.sandbox.emulator.http import Router, plain_path

PROJECT = "/accounts/a/api/projects/p"
_VERBS = {
    "_get": "GET",
    "_get_api_list": "GET",
    "_post": "POST",
    "_put": "PUT",
    "_patch": "PATCH",
    "_delete": "DELETE",
}
_ROUTER = Router(FAMILIES)


@dataclass(frozen=True)
class Operation:
    """One operation of a client; `path` has "x" for each parameter."""

    name: str
    method: str
    path: str

    @property
    def served(self) -> bool:
        """Whether a route with a handler answers it; otherwise the answer is a 501 that names it."""
        found = _ROUTER.find(self.method, self.path)
        return found is not None and found[1].handler is not None


def azure_operations(module: str, prefix: str) -> Iterator[Operation]:
    """What a generated client can ask for: one request builder each."""
    for name, build in inspect.getmembers(importlib.import_module(module), inspect.isfunction):
        if not name.startswith("build_") or build.__module__ != module:
            continue
        parameters = inspect.signature(build).parameters.values()
        needed = [
            item for item in parameters if item.default is item.empty and item.kind is not item.VAR_KEYWORD
        ]
        values = ["x" for item in needed if item.kind is not item.KEYWORD_ONLY]
        named = {item.name: "x" for item in needed if item.kind is item.KEYWORD_ONLY}
        try:
            request = build(*values, **named)
        except KeyError:
            request = build(*values, content_type="application/json", **named)
        path = re.sub(r"\{[^}]*\}", "x", plain_path(f"{prefix}/{urlsplit(request.url).path.lstrip('/')}"))
        yield Operation(name.removeprefix("build_").removesuffix("_request"), request.method, path)


def openai_operations() -> Iterator[Operation]:
    """What the synchronous resources of the OpenAI client ask for, read from their source."""
    folder = Path(openai.__file__).parent / "resources"
    seen = set()
    for file in sorted(folder.rglob("*.py")):
        group = ".".join(dict.fromkeys(file.relative_to(folder).with_suffix("").parts))
        for kind in ast.parse(file.read_text(encoding="utf-8")).body:
            if not isinstance(kind, ast.ClassDef) or kind.name.startswith("Async") or "With" in kind.name:
                continue
            for method in kind.body:
                if not isinstance(method, ast.FunctionDef) or method.name.startswith("_"):
                    continue
                for verb, path in _asked(method):
                    name = f"{group}.{method.name}"
                    if name not in seen:
                        seen.add(name)
                        plain = re.sub(r"\{[^}]*\}", "x", path.partition("?")[0])
                        yield Operation(name, verb, f"{PROJECT}/openai/v1{plain}")


def _asked(method: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    for call in ast.walk(method):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not call.args:
            continue
        if call.func.attr not in _VERBS or ast.unparse(call.func.value) != "self":
            continue
        path = call.args[0].args[0] if isinstance(call.args[0], ast.Call) else call.args[0]
        if isinstance(path, ast.Constant) and isinstance(path.value, str):
            verb = next(
                (ast.literal_eval(item.value) for item in call.keywords if item.arg == "method"), None
            )
            yield (verb or _VERBS[call.func.attr]).upper(), path.value


def clients() -> dict[str, list[Operation]]:
    """The operations of each client by its name."""
    search = "azure.search.documents"
    return {
        "azure-ai-agents": list(azure_operations("azure.ai.agents.operations._operations", PROJECT)),
        "azure-ai-projects": list(azure_operations("azure.ai.projects.operations._operations", PROJECT)),
        "openai": list(openai_operations()),
        "azure-search-documents": [
            *azure_operations(f"{search}.indexes._operations._operations", "/search/s"),
            *azure_operations(f"{search}._operations._operations", "/search/s"),
        ],
    }


def _group(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "beta" else parts[0]


def page() -> str:
    """The page as Markdown."""
    parts = [
        "# What each operation of the official clients meets in the emulator\n",
        "<!-- Written by `python -m tests.sandbox_emulator.operations > docs/emulator-clients.md`; don't edit by hand. -->\n",
        "Read from the installed packages. What is served and how it differs from the service stands in [emulator.md](emulator.md);",
        "everything else is answered 501 with its own name. Of the OpenAI client, which knows much that no Foundry project has, the",
        "resources without a single operation served are listed in one line.\n",
    ]
    for name, operations in clients().items():
        served = [item for item in operations if item.served]
        parts.append(
            f"## {name} {version(name)}\n\n{len(served)} of {len(operations)} operations are served.\n"
        )
        if len(served) == len(operations):
            continue
        missing = [item for item in operations if not item.served]
        if name == "openai":
            known = {_group(item.name) for item in served}
            foreign = sorted({_group(item.name) for item in missing} - known)
            parts.append(f"Not served at all: {', '.join(foreign)}.\n")
            missing = [item for item in missing if _group(item.name) in known]
        parts.append("| 501 | Method and path |\n|---|---|")
        for item in missing:
            path = item.path.removeprefix(PROJECT).removeprefix("/search/s")
            parts.append(f"| {item.name} | `{item.method} {path}` |")
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
