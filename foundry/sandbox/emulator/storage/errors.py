"""Refusals of blob and queue storage: XML, with the code in a header too."""

from xml.sax.saxutils import escape

from foundry.sandbox.emulator.http import Malformed, Problem, Reply


def refused(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Problem:
    """The error body of Azure Storage."""
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
    return Problem(
        Reply(status, body.encode(), {"x-ms-error-code": code, **(headers or {})}, media="application/xml")
    )


def malformed(fault: Malformed) -> Problem:
    """A malformed request in storage's words."""
    return refused(400, "InvalidInput", fault.text)


def not_running(message: str) -> Problem:
    """Nothing stands behind the sandbox's storage accounts. A status that no client repeats a request for."""
    return refused(501, "NotImplemented", message)
