"""The emulator's own endpoints, for tests and for the program that starts it. No service has them."""

import hmac
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from foundry.sandbox.emulator.control.errors import malformed, refused
from foundry.sandbox.emulator.http import Call, Family, Malformed, Reply, Route
from foundry.sandbox.emulator.responder.rules import parse
from foundry.sandbox.emulator.settings import SUBSCRIPTION, TENANT
from foundry.sandbox.emulator.shapes import number, record


def _guard(call: Call) -> None:
    given = call.headers.get("x-identity-header", "").encode()
    if call.path == "/_sandbox/health" and not given:
        return
    if not hmac.compare_digest(given, call.world.identity_header.encode()):
        raise refused(401, "Unauthorized", "The X-IDENTITY-HEADER header is missing or wrong.")


def _version() -> str:
    try:
        return version("foundry-as-code")
    except PackageNotFoundError:
        return "unknown"


def _health(call: Call) -> Reply:
    return Reply(
        body={
            "status": "ok",
            "version": _version(),
            "url": call.world.base_url,
            "subscription": SUBSCRIPTION,
            "tenant": TENANT,
        }
    )


def _faults(call: Call) -> Reply:
    return Reply(body=call.world.faults.described())


def _set_faults(call: Call) -> Reply:
    call.world.faults.replace(call.json())
    return Reply(body=call.world.faults.described())


def _clear_faults(call: Call) -> Reply:
    call.world.faults.replace([])
    return Reply(204)


def _folder(call: Call) -> Path:
    """The emulator's own folder: files of a folder that somebody named are theirs."""
    return call.world.rules[0]


def _rules_file(call: Call) -> Path:
    name = call.params["agent"]
    if not re.fullmatch(r"\w[\w .-]*", name):
        raise refused(400, "InvalidRequest", f"'{name}' can't be the name of a file with rules.")
    return _folder(call) / f"{name}.yaml"


def _rules(call: Call) -> Reply:
    try:
        return Reply(body=_rules_file(call).read_bytes(), media="application/yaml")
    except FileNotFoundError as error:
        raise refused(404, "NotFound", f"There are no rules for '{call.params['agent']}'.") from error


def _set_rules(call: Call) -> Reply:
    path = _rules_file(call)
    try:
        content = call.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("", "json", "The rules are no UTF-8 text.") from error
    parse(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return Reply(204)


def _clear_rules(call: Call) -> Reply:
    _rules_file(call).unlink(missing_ok=True)
    return Reply(204)


def _clear_all_rules(call: Call) -> Reply:
    for path in _folder(call).glob("*.yaml"):
        path.unlink()
    return Reply(204)


def _requests(call: Call) -> Reply:
    return Reply(body=list(call.world.log.entries))


def _clear_requests(call: Call) -> Reply:
    call.world.log.entries.clear()
    return Reply(204)


def _clock(call: Call) -> Reply:
    asked = call.object()
    record({"advance": number(0, 10_000_000_000)})(asked, "")
    call.world.clock.offset += asked["advance"]
    return Reply(body={"now": call.world.clock.now()})


FAMILY = Family(
    name="control",
    title="Control",
    prefix="/_sandbox",
    guard=_guard,
    refuse=malformed,
    note=(
        "Not part of any service. All but health need the header `X-IDENTITY-HEADER` with the value of `IDENTITY_HEADER`; health refuses a wrong one. "
        "Fault plans, the request log and the clock live in memory and are gone after a restart."
    ),
    routes=(
        Route("GET", "/health", "is it up, and which version", _health),
        Route("GET", "/faults", "the fault plan", _faults),
        Route("PUT", "/faults", "replace the fault plan", _set_faults),
        Route("DELETE", "/faults", "remove all faults", _clear_faults),
        Route("DELETE", "/rules", "remove the rules of every agent", _clear_all_rules),
        Route("GET", "/rules/{agent}", "the rules an agent of that name follows", _rules),
        Route("PUT", "/rules/{agent}", "replace them, as YAML or JSON", _set_rules),
        Route("DELETE", "/rules/{agent}", "remove them", _clear_rules),
        Route("GET", "/requests", "the last 5,000 requests", _requests),
        Route("DELETE", "/requests", "empty the request log", _clear_requests),
        Route("POST", "/clock", "move the clock forward", _clock),
    ),
)
