"""Models of an account that are called directly: embeddings, made from the words of a text."""

import hashlib
import math
import re
from collections import Counter
from typing import Final

from foundry.sandbox.emulator.arm.foundry import ACCOUNT
from foundry.sandbox.emulator.arm.kinds import subdomain_of
from foundry.sandbox.emulator.arm.store import Resource
from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.identity.store import TokenError
from foundry.sandbox.emulator.project.errors import malformed, platform_problem
from foundry.sandbox.emulator.retrieval import words
from foundry.sandbox.emulator.shapes import array, by_sort, integer, one_of, record, text

_AUDIENCES: Final = ("https://cognitiveservices.azure.com", "https://ai.azure.com")
_ACTION: Final = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/embeddings/action"
_VERSION: Final = re.compile(r"20\d\d-\d\d-\d\d(-preview)?|v1|preview")
_MOST_INPUTS: Final = 2_048
_DEFAULT_DIMENSIONS: Final = 1_536
_shape = record(
    {"input": by_sort(string=text(least=1), other=array(text(least=1), least=1, most=_MOST_INPUTS))},
    {
        "dimensions": integer(1, 3_072),
        "encoding_format": one_of("float"),
        "model": text(),
        "user": text(),
    },
)


def _account(call: Call) -> Resource | None:
    folder = call.params["account"].lower()
    accounts = call.world.arm.of_kind(ACCOUNT)
    return next((item for item in accounts if subdomain_of(item).lower() == folder), None)


def _guard(call: Call) -> None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    try:
        call.principal = call.world.identity.verify(
            token if scheme.lower() == "bearer" else "", _AUDIENCES, call.now
        )
    except TokenError as error:
        message = "Access token is missing, invalid, audience is incorrect, or have expired."
        raise platform_problem(401, "401", message, {"WWW-Authenticate": "Bearer"}) from error
    call.world.arm.settle(call.now)
    account = _account(call)
    if account is None:
        raise platform_problem(404, "404", "Resource not found")
    if not _VERSION.fullmatch(call.query.get("api-version", "")):
        raise platform_problem(404, "404", "Resource not found")
    before = call.now - call.world.faults.late_roles(call.world.settings.late_roles)
    if not call.world.access.allows(call.principal.ids, account.target.id, _ACTION, data=True, before=before):
        message = f"The principal `{call.principal.oid}` lacks the required data action `{_ACTION}`."
        raise platform_problem(401, "PermissionDenied", message)
    wanted = call.params["deployment"].lower()
    names = [
        item.target.name.lower()
        for item in call.world.arm.nested(account.target.key, f"{ACCOUNT}/deployments")
    ]
    if wanted not in names:
        message = "The API deployment for this resource does not exist."
        raise platform_problem(404, "DeploymentNotFound", message)


def _embed(call: Call) -> Reply:
    asked = call.object()
    _shape(asked, "")
    texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
    size = asked.get("dimensions", _DEFAULT_DIMENSIONS)
    data = [
        {"object": "embedding", "index": index, "embedding": vector(each, size)}
        for index, each in enumerate(texts)
    ]
    spent = sum(len(words(each)) for each in texts)
    usage = {"prompt_tokens": spent, "total_tokens": spent}
    return Reply(body={"object": "list", "data": data, "model": call.params["deployment"], "usage": usage})


def vector(text_: str, size: int) -> list[float]:
    """A vector of length one in which texts that share words are near each other."""
    parts: list[float] = [0.0] * size
    for word, count in Counter(words(text_)).items():
        digest = hashlib.sha256(word.encode()).digest()
        parts[int.from_bytes(digest[:4], "big") % size] += count if digest[4] % 2 else -count
    length = math.sqrt(sum(part * part for part in parts))
    if not length:
        parts[0] = length = 1.0
    return [round(part / length, 6) for part in parts]


FAMILY = Family(
    name="models",
    title="Models of an account",
    prefix="/accounts/{account}/openai/deployments/{deployment}",
    guard=_guard,
    refuse=malformed,
    note=(
        "openai's AzureOpenAI client. A token for `https://cognitiveservices.azure.com` and a role with the OpenAI data "
        "actions are needed; any api-version that looks like one is taken (404 otherwise). Embeddings are plain numbers, never base64."
    ),
    routes=(
        Route(
            "POST",
            "/embeddings",
            "make embeddings",
            _embed,
            "Made from the words of a text: vectors are near each other where texts share words.",
        ),
        Route("POST", "/chat/completions", "complete a chat"),
    ),
)
