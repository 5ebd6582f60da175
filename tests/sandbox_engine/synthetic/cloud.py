"""A cloud made of files: a dynamic provider whose objects a test can edit, remove, hold or fail.

Objects are `cloud/<id>.json` below the working folder (the provider process runs in the project's root). Ids are `<name>-<n>`, n
counting the creates of that name, so that a recording is the same every time.

Inputs with a meaning: `zone` and `home` replace, everything else updates; `dbr` asks for delete-before-replace in the diff; `fail`
names the calls that raise; `hold` makes create wait for the file `cloud/go` after it has left `cloud/held-<name>`.
"""

import json
import time
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

CLOUD = Path("cloud")
REPLACES = ("home", "zone")
OTHERS_FINISH_IN_SECONDS = 1.0  # so that what fails doesn't keep its neighbours from beginning
LONGEST_HOLD_SECONDS = 120.0


def _fail(call: str, props: dict[str, Any]) -> None:
    if call in str(props.get("fail") or "").split(","):
        time.sleep(OTHERS_FINISH_IN_SECONDS)
        raise RuntimeError(f"{call} of {props['name']} was told to fail")


def _outputs(id_: str, props: dict[str, Any]) -> dict[str, Any]:
    return {**props, "made": f"made {id_}", "token": f"token of {id_}"}


class ThingProvider(ResourceProvider):
    serialize_as_secret_always = False

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        bad = (
            [CheckFailure("size", "must not be negative")]
            if isinstance(news.get("size"), float) and news["size"] < 0
            else []
        )
        return CheckResult(news, bad)

    def create(self, props: dict[str, Any]) -> CreateResult:
        CLOUD.mkdir(exist_ok=True)
        name = props["name"]
        if props.get("hold"):
            (CLOUD / f"held-{name}").touch()
            until = time.monotonic() + LONGEST_HOLD_SECONDS
            while not (CLOUD / "go").exists() and time.monotonic() < until:
                time.sleep(0.02)
        _fail("create", props)
        counter = CLOUD / f"count-{name}"
        n = int(counter.read_text()) + 1 if counter.exists() else 1
        counter.write_text(str(n))
        id_ = f"{name}-{n}"
        kept = {k: v for k, v in props.items() if k != "__provider"}
        (CLOUD / f"{id_}.json").write_text(json.dumps(kept))
        return CreateResult(id_, _outputs(id_, kept))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        ours = {k for k in (*olds, *news) if k not in ("__provider", "made", "token")}
        changed = {k for k in ours if olds.get(k) != news.get(k)}
        return DiffResult(
            changes=bool(changed),
            replaces=sorted(changed & set(REPLACES)),
            delete_before_replace=bool(news.get("dbr")),
        )

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        _fail("read", props)
        path = CLOUD / f"{id_}.json"
        if not path.exists():
            return ReadResult(None, {})
        live = json.loads(path.read_text())
        return ReadResult(id_, _outputs(id_, live), live)

    def update(self, id_: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        _fail("update", news)
        kept = {k: v for k, v in news.items() if k != "__provider"}
        (CLOUD / f"{id_}.json").write_text(json.dumps(kept))
        return UpdateResult(_outputs(id_, kept))

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        _fail("delete", props)
        (CLOUD / f"{id_}.json").unlink(missing_ok=True)


class Thing(Resource, module="cloud", name="Thing"):
    made: pulumi.Output[str]
    token: pulumi.Output[str]

    def __init__(
        self, name: str, props: dict[str, Any] | None = None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            ThingProvider(), name, {"name": name, **(props or {}), "made": None, "token": None}, opts
        )


class Group(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("cloud:index:Group", name, None, opts)
        self.register_outputs({"label": f"group {name}"})


class Box(pulumi.CustomResource):
    """A resource of the attached provider (synthetic/attached.py)."""

    label: pulumi.Output[str]

    def __init__(
        self, name: str, props: dict[str, Any] | None = None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        versioned = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version="1.2.3"), opts)
        super().__init__(
            "attached:index:Box", name, {"name": name, **(props or {}), "label": None}, versioned
        )


def echo(**arguments: Any) -> dict[str, Any]:
    result: dict[str, Any] = pulumi.runtime.invoke(
        "attached:index:echo", arguments, pulumi.InvokeOptions(version="1.2.3")
    ).value
    return result
