"""Traces of our own calls, as OpenTelemetry spans: what is done to what, and below it each request that Azure's pipeline sends.

Off unless asked for. What people and agents say to each other is recorded only where that was asked for as well.
Names of attributes: OpenTelemetry's semantic conventions for generative AI, and azure-core's for its requests.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeVar, cast

from foundry.model import Conversation, FoundryError

if TYPE_CHECKING:
    from foundry.service.conversation import Transcript

DESTINATIONS: Final = ("console", "otlp")
_DESTINATION: Final = "FAC_TRACE"
_CONTENT: Final = "FAC_TRACE_CONTENT"
_FILE: Final = "FAC_TRACE_FILE"
_PARENT: Final = "TRACEPARENT"
_EXPORT_SECONDS: Final = 5

Method = TypeVar("Method", bound=Callable[..., Any])


class Traces:
    """The traces of this process. There is one, `TRACES`; without `begin` it records nothing."""

    def __init__(self) -> None:
        self._tracer: Any = None
        self._provider: Any = None
        self._parent: Any = None
        self._records_content = False
        self.lost: str | None = None

    def begin(
        self,
        destination: str,
        *,
        content: bool,
        parent: str | None = None,
        at_once: bool = False,
        lines: TextIO | None = None,
    ) -> None:
        """Start recording.

        Args:
            destination: console (one line per span) or otlp (where OpenTelemetry's own variables say).
            content: whether questions and answers are recorded too.
            parent: the span that this process's spans belong to, as W3C's `traceparent`.
            at_once: whether each span is sent as it ends, for a process that may be killed; otherwise in batches.
            lines: where the console's lines go; standard error when None.

        Raises:
            FoundryError: OpenTelemetry isn't installed.
        """
        try:
            from azure.core.settings import settings
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

            exporter: Any = _Exporter(_otlp() if destination == "otlp" else _lines(lines), self)
        except ImportError as error:
            raise FoundryError(
                f"traces need OpenTelemetry, and {error.name} isn't installed",
                fix="run `pip install 'foundry-as-code[traces]'`",
            ) from error
        from opentelemetry import trace

        in_batches = destination == "otlp" and not at_once
        processor = BatchSpanProcessor(exporter) if in_batches else SimpleSpanProcessor(exporter)
        # Azure's pipeline takes the process's provider, of which there is one: Pulumi may have set it.
        self._provider = trace.get_tracer_provider()
        if not isinstance(self._provider, TracerProvider):
            self._provider = TracerProvider(resource=Resource.create({"service.name": "foundry-as-code"}))
            trace.set_tracer_provider(self._provider)
        self._provider.add_span_processor(processor)
        settings.tracing_enabled = True
        # The exporter's own complaints would come in the midst of the output; `lost` says it once.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._tracer = trace.get_tracer("foundry-as-code")
        self._parent = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
        self._records_content = content

    def end(self) -> None:
        """Send what is left, in a bounded time. `lost` then says why spans didn't arrive, if they didn't."""
        if self._provider is not None:
            self._provider.force_flush(_EXPORT_SECONDS * 1000)
            self._provider.shutdown()
            self._tracer = self._provider = None

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """One span; None where nothing is recorded. An exception marks it as failed and goes on."""
        if self._tracer is None:
            yield None
            return
        from opentelemetry import trace

        # A thread of a pool has no current span: what it does belongs to what the process was started for.
        context = None if trace.get_current_span().get_span_context().is_valid else self._parent
        with self._tracer.start_as_current_span(name, context=context, attributes=attributes) as span:
            yield span

    @contextmanager
    def root(self, name: str) -> Iterator[None]:
        """The span of all that this process does."""
        with self.span(name):
            from opentelemetry import context

            self._parent = context.get_current()
            yield

    @contextmanager
    def conversation(
        self, agent: str, identity: str, talk: Conversation
    ) -> Iterator[Callable[[Transcript], None]]:
        """The span of a conversation; tell it what came.

        Args:
            agent: the agent's name.
            identity: what the service knows it by.
            talk: what it is asked.
        """
        with self.span(
            f"invoke_agent {agent}",
            {
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.provider.name": "azure.ai.agents",
                "gen_ai.agent.name": agent,
                "gen_ai.agent.id": identity,
            },
        ) as span:

            def came(transcript: Transcript) -> None:
                if span is None:
                    return
                if transcript.tokens is not None:
                    span.set_attribute("gen_ai.usage.total_tokens", transcript.tokens)
                span.set_attribute("foundry.tools", [call.name or call.type for call in transcript.calls])
                if self._records_content:
                    span.set_attribute("gen_ai.input.messages", _messages("user", talk.ask))
                    span.set_attribute("gen_ai.output.messages", _messages("assistant", (transcript.text,)))

            yield came

    def environment(self) -> dict[str, str]:
        """Variables that let a child process add its spans to the current one."""
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier: MutableMapping[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        return {_PARENT: carrier["traceparent"]} if "traceparent" in carrier else {}


TRACES: Final = Traces()


def trace_from_environment(env: Mapping[str, str] | None = None) -> None:
    """Records where FAC_TRACE says so: for a process that another one of ours has started. Without it, does nothing."""
    given = os.environ if env is None else env
    destination = given.get(_DESTINATION)
    if destination in DESTINATIONS:
        path = given.get(_FILE)
        TRACES.begin(
            destination,
            content=given.get(_CONTENT) == "1",
            parent=given.get(_PARENT),
            at_once=True,
            # It is open as long as the process is.
            lines=Path(path).open("a", encoding="utf-8", buffering=1) if path else None,  # noqa: SIM115
        )


def variables(destination: str, file: Path, *, content: bool) -> dict[str, str]:
    """The variables that `trace_from_environment` reads. `file` takes the lines of a process whose output is not shown."""
    return {_DESTINATION: destination, _FILE: str(file), _CONTENT: "1" if content else "0"}


def traced(method: Method) -> Method:
    """A method whose first arguments are an operation and its subject, with a span around each call."""

    @functools.wraps(method)
    def call(self: Any, operation: str, subject: str, *args: Any, **kwargs: Any) -> Any:
        with TRACES.span(operation, {"foundry.subject": subject}):
            return method(self, operation, subject, *args, **kwargs)

    return cast("Method", call)


def _messages(role: str, texts: tuple[str, ...]) -> str:
    told = [{"role": role, "parts": [{"type": "text", "content": text}]} for text in texts]
    return json.dumps(told, ensure_ascii=False)


def _otlp() -> Any:
    if os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc").startswith("http"):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHttp

        return OverHttp(timeout=_EXPORT_SECONDS)
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OverGrpc

    return OverGrpc(timeout=_EXPORT_SECONDS)


def _lines(out: TextIO | None) -> Any:
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter

    return ConsoleSpanExporter(out=out or sys.stderr, formatter=_line)


def _line(span: Any) -> str:
    parent = f"{span.parent.span_id:016x}" if span.parent else "-" * 16
    milliseconds = (span.end_time - span.start_time) / 1_000_000
    told = " ".join(f"{key}={value}" for key, value in (span.attributes or {}).items())
    state = "" if span.status.is_ok or span.status.is_unset else " FAILED"
    return f"trace {span.context.span_id:016x} {parent} {milliseconds:8.1f} ms  {span.name}{state}  {told}\n"


class _Exporter:
    """Passes spans on until one batch is lost: a collector that is away must not cost a wait for each span."""

    def __init__(self, inner: Any, traces: Traces) -> None:
        self._inner = inner
        self._traces = traces

    def export(self, spans: Any) -> Any:
        from opentelemetry.sdk.trace.export import SpanExportResult

        if self._traces.lost is not None:
            return SpanExportResult.FAILURE
        result = self._inner.export(spans)
        if result is not SpanExportResult.SUCCESS:
            where = os.environ.get(
                "OTEL_EXPORTER_OTLP_ENDPOINT", "the default address of OTLP on this machine"
            )
            self._traces.lost = f"traces were lost: nobody takes them at {where}"
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return bool(self._inner.force_flush(timeout_millis))
