"""The outputs that all kinds have in common, and the age of drift in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from foundry.diff import changes
from foundry.reconcile.inputs import only_reports, owner_props
from foundry.reconcile.marks import Mark
from foundry.reconcile.shapes import Props, Seen

_DRIFT_SINCE: Final = "driftSince"


def seen(
    kind: str,
    inputs: Sequence[str],
    props: Props,
    definition: Mapping[str, Any],
    *,
    mark: Mark | None,
    now: float,
    **own: Any,
) -> Seen:
    """What a read tells of a live object.

    Args:
        kind: names the field table.
        inputs: the names of the kind's inputs.
        props: the recorded outputs.
        definition: what is live, in the words of the last declaration.
        mark: the live object's mark.
        now: Unix seconds.
        own: the outputs that only this kind has.
    """
    outs = {
        **with_age_of_drift(props, kind, definition, now),
        "definition": definition,
        "owner": owner_props(mark.owner if mark else None),
        "name": mark.name if mark else "",
        **own,
    }
    return Seen(outs, {key: outs[key] for key in inputs if key in outs})


def outputs(news: Props, inputs: Sequence[str], mark: Mark) -> dict[str, Any]:
    """What every kind that is marked records: the inputs, what was applied, and the marks of the object that has it."""
    return {
        **{key: news[key] for key in inputs if key in news},
        "incarnation": mark.incarnation,
        "applied": news["definition"],
        "adopted": mark.adopted,
    }


def with_age_of_drift(props: Props, kind: str, definition: Any, now: float) -> dict[str, Any]:
    """The outputs of a read, with the time at which drift that is only reported was seen first (UTC, ISO 8601).

    Without drift there is none. It lasts as long as runs save it: an up or a refresh does, a preview doesn't.
    """
    outs = {key: value for key, value in props.items() if key != _DRIFT_SINCE}
    applied = props.get("applied")
    if only_reports(props) and changes(kind, applied, definition, applied):
        this_time = datetime.fromtimestamp(int(now), UTC).isoformat()
        outs[_DRIFT_SINCE] = props.get(_DRIFT_SINCE) or this_time
    return outs


def kept_age_of_drift(olds: Props, news: Props, told: Any) -> dict[str, Any]:
    """What an update keeps of it: the time, while drift is reported and still there."""
    if only_reports(news) and olds.get(_DRIFT_SINCE) and told != news.get("definition"):
        return {_DRIFT_SINCE: olds[_DRIFT_SINCE]}
    return {}
