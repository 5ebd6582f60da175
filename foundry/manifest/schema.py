"""The JSON Schemas, and what they find, told in one sentence for each fault."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from foundry.manifest.marked import Mark, dotted, key_place, place
from foundry.manifest.near import is_near, meant
from foundry.manifest.report import Report
from foundry.manifest.support import is_unsupported

FILES: Final = {
    "Environment": "environment",
    "Agent": "agent",
    "VectorStore": "vector-store",
    "SearchIndex": "search-index",
    "MemoryStore": "memory-store",
    "Toolbox": "toolbox",
    "Skill": "skill",
}
"""The schema of each kind, by the stem of its file."""

Path_ = tuple[str | int, ...]

_TYPES: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
}
_BOOLEANS: Final = {
    "yes": "true",
    "on": "true",
    "true": "true",
    "no": "false",
    "off": "false",
    "false": "false",
}


_FLOWS: Final = re.compile(r"[\w./-]+")
"""Text that can stand in `[…]` without quotes."""


def text_of(kind: str) -> str:
    """The schema file of a kind: package data in a wheel, the folder `schemas/` in a clone."""
    name = f"{FILES[kind]}.json"
    packaged = resources.files("foundry").joinpath("schemas", name)
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).resolve().parents[2] / "schemas" / name).read_text(encoding="utf-8")


@cache
def schema_of(kind: str) -> dict[str, Any]:
    """The schema of a kind. Nobody changes it."""
    schema: dict[str, Any] = json.loads(text_of(kind))
    return schema


def limit(kind: str, *path: str) -> int:
    """The length (`x-max-length`, in characters) that the schema sets for a text that may stand in a file."""
    schema: Any = schema_of(kind)
    for step in path:
        schema = schema[step]
    return int(schema["x-max-length"])


def essentials(kind: str) -> frozenset[str]:
    """The fields that make a document of a kind more than a name: each needs at least one of them."""
    schema = schema_of(kind)
    either = {name for branch in schema.get("oneOf", ()) for name in branch["required"]}
    return frozenset({*schema["required"], *either} - {"kind", "name"})


@cache
def tool_types() -> frozenset[str]:
    """The words that a tool's `type` can be."""
    defs = schema_of("Agent")["$defs"]
    names = (branch["$ref"].removeprefix("#/$defs/") for branch in defs["tool"]["oneOf"])
    return frozenset(defs[name]["properties"]["type"]["const"] for name in names)


@cache
def _validator(kind: str, definition: str | None) -> Any:
    root = schema_of(kind)

    def follow(validator: Any, reference: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        # Every reference is local. The library's own resolution allows for more, and costs half of the time.
        yield from validator.descend(instance, root["$defs"][reference.removeprefix("#/$defs/")])

    def one_of(validator: Any, branches: list[Any], instance: Any, schema: Any) -> Iterator[ValidationError]:
        yield from _one_of(validator, branches, instance, schema, root)

    keywords = {"$ref": follow, "oneOf": one_of, "pattern": _pattern}
    chosen: Any = extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]
    return chosen(root["$defs"][definition] if definition else root)


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    # Python's `$` lets a last newline pass, which ECMA-262's doesn't: what has a pattern is one line.
    if validator.is_type(instance, "string") and ("\n" in instance or not re.search(pattern, instance)):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _resolved(schema: Any, root: dict[str, Any]) -> Any:
    while isinstance(schema, dict) and "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def _one_of(
    validator: Any, branches: list[Any], instance: Any, schema: Any, root: dict[str, Any]
) -> Iterator[ValidationError]:
    """Errors of the one branch that was meant, instead of a tree of errors of all of them.

    Where the branches are told apart by a field (`x-discriminator`) that field decides; where they only say which
    fields are required they are counted; else the shape of the value decides.
    """
    discriminator = schema.get("x-discriminator")
    if discriminator is not None:
        yield from _discriminated(validator, branches, instance, schema, root)
        return
    if all(
        "type" not in _resolved(branch, root) and "enum" not in _resolved(branch, root) for branch in branches
    ):
        # What is no mapping has another fault, which is told.
        ways = sum(_fits(validator, branch, instance) for branch in branches)
        if isinstance(instance, dict) and ways != 1:
            yield ValidationError(
                "exactly one way",
                validator="oneOf",
                validator_value=branches,
                instance=instance,
                schema=schema,
            )
        return
    fitting = [branch for branch in branches if _has_shape(validator, _resolved(branch, root), instance)]
    if not fitting:
        yield ValidationError(
            "shape",
            validator="shape",
            validator_value=[_resolved(branch, root) for branch in branches],
            instance=instance,
            schema=schema,
        )
        return
    best = max(fitting, key=lambda branch: _likeness(_resolved(branch, root), instance))
    yield from validator.descend(instance, best)


def _fits(validator: Any, branch: Any, instance: Any) -> bool:
    if branch.keys() == {"required"} and isinstance(instance, dict):
        # Most branches say no more, and this costs nothing.
        return all(name in instance for name in branch["required"])
    return bool(validator.evolve(schema=branch).is_valid(instance))


def _discriminated(
    validator: Any, branches: list[Any], instance: Any, schema: Any, root: dict[str, Any]
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    field = schema["x-discriminator"]
    by_value = {
        word: branch for branch in branches for word in words_of(_resolved(branch, root)["properties"][field])
    }
    if field not in instance:
        yield ValidationError(
            "missing", validator="x-discriminator", validator_value=list(by_value), instance=instance
        )
        return
    value = instance[field]
    if not isinstance(value, str) or value not in by_value:
        yield ValidationError(
            "unknown",
            validator="enum",
            validator_value=list(by_value),
            instance=value,
            path=[field],
            schema=schema,
        )
        return
    yield from validator.descend(instance, by_value[value])


def words_of(field: Mapping[str, Any]) -> tuple[str, ...]:
    """The words that a field can be which tells the branches of a `oneOf` apart."""
    return tuple(field["enum"]) if "enum" in field else (field["const"],)


def _has_shape(validator: Any, branch: dict[str, Any], instance: Any) -> bool:
    if "enum" in branch:
        return any(isinstance(instance, type(value)) for value in branch["enum"])
    return "type" not in branch or bool(validator.is_type(instance, branch["type"]))


def _likeness(branch: dict[str, Any], instance: Any) -> tuple[int, int]:
    if not isinstance(instance, dict):
        return (0, 0)
    required = branch.get("required", [])
    forbidden = branch.get("not", {}).get("required", [])
    fits = all(name in instance for name in required) and not (
        forbidden and all(name in instance for name in forbidden)
    )
    return (int(fits) * (1 + len(required)), len(set(branch.get("properties", {})) & set(instance)))


def check(
    kind: str,
    tree: Any,
    report: Report,
    *,
    definition: str | None = None,
    above: Path_ = (),
    broken: frozenset[Path_] = frozenset(),
    is_part: bool = False,
) -> set[Path_]:
    """Hold a document against its schema.

    Args:
        kind: The document's kind.
        tree: The document, or what a file brought into it.
        report: Takes the findings.
        definition: A part of the schema (a name below `$defs`) in the place of the whole.
        above: The path of `tree` in its document, for the words of findings.
        broken: Paths that have a finding already; they and what lies below are not judged again.
        is_part: Whether the rest of the document stands where nobody looked, so that nothing counts as missing.

    Returns:
        The paths of the values (and unknown keys) that have a finding, so that later checks pass them by.
    """
    faulty: set[Path_] = set()
    validator = _validator(kind, definition)
    errors = [(tuple(error.absolute_path), error) for error in validator.iter_errors(tree)]
    # Misspelt fields come first: what they were meant to be is not missing as well.
    for path, error in sorted(errors, key=lambda found: found[1].validator != "additionalProperties"):
        if any(path[: len(bad)] == bad for bad in broken) or _is_misspelt(error, path, faulty):
            continue
        if is_part and _is_of_something_missing(error):
            continue
        if place(tree, path).is_told:
            faulty.add(path)
            continue
        if isinstance(error.schema, dict) and error.schema.get("x-for-editors"):
            # The branches tell the same, in better words: this is what editors complete from.
            continue
        if error.validator == "type" and error.instance is None and path in faulty:
            continue
        faulty |= _Fault(error, tree, path, above, report).told()
    return faulty


def _is_misspelt(error: Any, path: Path_, faulty: set[Path_]) -> bool:
    if error.validator == "required":
        wanted = [_missing_field(error)]
    elif error.validator == "oneOf":
        wanted = [name for branch in error.validator_value for name in branch.get("required", [])]
    else:
        return False
    misspelt = [str(found[-1]) for found in faulty if found and found[:-1] == path]
    also = _also(error.schema)
    return any(is_near(word, wanted) or also.get(word) in wanted for word in misspelt)


def _also(schema: Mapping[str, Any]) -> dict[str, str]:
    """What the fields of a mapping are called elsewhere (`x-also`): that word → ours."""
    return {
        word: name for name, told in schema.get("properties", {}).items() for word in told.get("x-also", ())
    }


def _is_of_something_missing(error: Any) -> bool:
    if error.validator == "oneOf":
        return not any(
            name in error.instance for branch in error.validator_value for name in branch.get("required", ())
        )
    return error.validator in ("required", "x-discriminator")


def _missing_field(error: Any) -> str:
    # The library gives one error for each missing field; its text is the only place that names which.
    return next(str(name) for name in error.validator_value if error.message.startswith(repr(name)))


class _Fault:
    """One error of the validator on its way to becoming findings."""

    def __init__(self, error: Any, tree: Any, path: Path_, above: Path_, report: Report) -> None:
        self.error = error
        self.tree = tree
        self.path = path
        self.above = above
        self.report = report
        self.schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
        self.says: dict[str, str] = self.schema.get("x-says", {})

    def told(self) -> set[Path_]:
        if "propertyNames" in self.error.absolute_schema_path:
            return self._key_refused()
        match self.error.validator:
            case "additionalProperties":
                return self._unknown_fields()
            case "required":
                return self._missing()
            case "x-discriminator":
                values = ", ".join(self.error.validator_value)
                return self._tell(f"{self._name()} has no `type`", f"write `type:` and one of: {values}")
            case "type":
                return self._wrong_shape([_TYPES[self.error.validator_value]])
            case "shape":
                return self._wrong_shape(
                    [_shape(branch) for branch in self.error.validator_value if self._can_be(branch)]
                )
            case "enum" | "const":
                return self._not_a_value()
            case other:
                return self._limit(str(other))

    def _can_be(self, branch: dict[str, Any]) -> bool:
        """Whether this release takes what a branch of a `oneOf` asks for."""
        return not any(is_unsupported(self.path, name) for name in branch.get("required", ()))

    @property
    def _hidden(self) -> bool:
        return self.schema.get("writeOnly") is True

    # ---- the place

    def _at(self) -> Mark:
        return place(self.tree, self.path)

    def _name(self, *more: str | int) -> str:
        path = dotted((*self.above, *self.path, *more))
        return f"`{path}`" if path else "the document"

    def _removed(self, wanted: Collection[str]) -> Mark | None:
        """Where a later layer removes one of the fields that are wanted here."""
        removed = getattr(self.error.instance, "removed_at", {})
        return next((removed[name] for name in wanted if name in removed), None)

    def _tell(self, what: str, fix: str) -> set[Path_]:
        either = self.error.validator_value if self.error.validator == "oneOf" else []
        removed = self._removed([name for branch in either for name in branch.get("required", [])])
        self.report.error(
            removed or self._at(),
            self.says.get("what", what) if self.error.validator in _SPOKEN else what,
            fix,
        )
        return {self.path}

    # ---- one sentence for each fault

    def _unknown_fields(self) -> set[Path_]:
        known = self.schema.get("properties", {})
        refused = self.schema.get("x-refused", {})
        faulty = set()
        where = f" in {self._name()}" if self.path or self.above else ""
        for key in [key for key in self.error.instance if key not in known]:
            at = self.error.instance.keys_at[key]
            if key in refused:
                self.report.error(at, f"`{key}` has no place{where}", refused[key])
            elif self.error.instance[key] is None and " " in key:
                what = f"`{key}` stands alone{where}, as a field without a value"
                self.report.error(at, what, "put quotes around text that holds a comma")
            else:
                others = [name for name in known if name not in self.error.instance]
                fix = meant(key, others, none="leave it out", have="the other fields are", in_order=True)
                if (ours := _also(self.schema).get(key)) in others:
                    fix = f"did you mean `{ours}`?"
                if (empty := self._empty_before(key)) is not None:
                    fix = f"indent it, if it belongs to `{empty}`, which is empty"
                    faulty.add((*self.path, empty))
                self.report.error(at, f"unknown field `{key}`{where}", fix)
            faulty.add((*self.path, key))
        return faulty

    def _empty_before(self, key: str) -> str | None:
        """The mapping without entries that a key stands below, with nothing but other unknown keys in between."""
        known = self.schema.get("properties", {})
        keys = list(self.error.instance)
        for before in reversed(keys[: keys.index(key)]):
            if before in known:
                told = known[before]
                is_empty = self.error.instance[before] is None and "additionalProperties" in told
                return before if is_empty else None
        return None

    def _missing(self) -> set[Path_]:
        missing = _missing_field(self.error)
        about = (
            self.schema.get("properties", {})
            .get(missing, {})
            .get("description", "")
            .split(". ")[0]
            .rstrip(".")
        )
        told = about if about[:2].isupper() else f"{about[:1].lower()}{about[1:]}"
        fix = f"add it: {told}" if about else "add it"
        removed = self._removed([missing])
        if removed is not None:
            fix = "don't remove it here, or leave the whole out with `omit: true`"
        self.report.error(removed or self._at(), f"{self._name(missing)} is missing", fix)
        return set()

    def _wrong_shape(self, wanted: list[str]) -> set[Path_]:
        at = self._at()
        value = self.error.instance
        distinct = list(dict.fromkeys(wanted))
        want = " or ".join(distinct)
        shown = at.plain if at.plain is not None else value if isinstance(value, str) else None
        # What stands in the place of a credential may be one, and a finding ends up in logs.
        found = "text" if isinstance(value, str) and self._hidden else _kind_of(value)
        what = f"{self._name()} is {found}, not {want}"
        is_name = value is None and not self._is_free_text
        if "text" in distinct and shown and not isinstance(value, str) and not is_name:
            return self._tell(what, f'write "{shown}"')
        if distinct == ["true or false"] and str(shown).lower() in _BOOLEANS:
            return self._tell(what, f"write {_BOOLEANS[str(shown).lower()]}")
        if isinstance(value, str) and "number" in want and _is_number(value):
            return self._tell(what, f"write {value} without quotes")
        if value is None and "a mapping" in distinct:
            fix = "indent what belongs to it below it, or leave the field out"
            return self._tell(f"{self._name()} is empty, not {want}", fix)
        if value is None:
            return self._tell(f"{self._name()} is empty, not {want}", f"write {want}, or leave the field out")
        if isinstance(value, str) and distinct == ["a list"]:
            return self._tell(
                what,
                f"write a list: [{value}]" if shown == value and _FLOWS.fullmatch(value) else "write a list",
            )
        if isinstance(value, str) and value in tool_types() and "x-discriminator" in self.schema:
            return self._tell(what, f"write `{{type: {value}}}` and its fields")
        if isinstance(value, list) and isinstance(self.schema.get("additionalProperties"), dict):
            return self._tell(
                what, "write a name and a colon in the place of each dash: entries have names here"
            )
        return self._tell(what, f"write {want}")

    @property
    def _is_free_text(self) -> bool:
        """Whether any text may stand here, the word `null` too."""
        return self.error.validator == "type" and not _LIMITS_OF_NAMES & self.schema.keys()

    def _not_a_value(self) -> set[Path_]:
        known = (
            self.error.validator_value
            if isinstance(self.error.validator_value, list)
            else [self.error.validator_value]
        )
        value = self.error.instance
        if value is None:
            values = ", ".join(str(item) for item in known)
            return self._tell(f"{self._name()} is empty", f"write one of: {values}; or leave the field out")
        if not isinstance(value, str):
            return self._wrong_shape(["text"])
        choice = meant(value, [str(item) for item in known], none="leave it out", have="the values are")
        also = self.schema.get("x-also", {})
        if isinstance(also, dict) and also.get(value) in known:
            choice = f"did you mean `{also[value]}`?"
        return self._tell(f"`{_short(value)}` is not a value of {self._name()}", choice)

    def _key_refused(self) -> set[Path_]:
        key = self.error.instance
        at = key_place(self.tree, (*self.path, key))
        if self.error.validator == "enum":
            fix = meant(str(key), self.error.validator_value, none="leave it out", have="the names are")
            self.report.error(at, f"unknown name `{_short(key)}` in {self._name()}", fix)
        else:
            self.report.error(
                at,
                f"`{_short(key)}` can't be a name in {self._name()}",
                self.says.get("fix", "use a shorter name"),
            )
        return {(*self.path, key)}

    def _limit(self, validator: str) -> set[Path_]:
        error, value = self.error, self.error.instance
        bound = error.validator_value
        what, fix = {
            "minimum": (f"{self._name()} is {value}, less than {bound}", f"write {bound} or more"),
            "maximum": (f"{self._name()} is {value}, more than {bound}", f"write {bound} or less"),
            "exclusiveMinimum": (f"{self._name()} is {value}", f"write more than {bound}"),
            "maxLength": (
                f"{self._name()} has {len(value) if isinstance(value, str) else 0:,} characters, more than {bound}",
                "shorten it",
            ),
            "minLength": (f"{self._name()} is empty", "write something, or leave the field out"),
            "minItems": (f"{self._name()} is empty", "list at least one, or leave the field out"),
            "maxItems": (
                f"{self._name()} has {len(value) if isinstance(value, list) else 0} items, more than {bound}",
                "list fewer",
            ),
            "minProperties": (f"{self._name()} is empty", "declare something in it, or leave the field out"),
            "maxProperties": (
                f"{self._name()} has {len(value) if isinstance(value, dict) else 0} entries, more than {bound}",
                "declare fewer",
            ),
            "uniqueItems": (f"{self._name()} lists something twice", "list each once"),
            "pattern": (
                f"{'this' if self._hidden else f'`{_short(value)}`'} is not allowed as {self._name()}",
                "correct it",
            ),
        }.get(validator, (f"{self._name()} is not allowed like this", "see the field's description"))
        return self._tell(what, self.says.get("fix", fix))


_LIMITS_OF_NAMES: Final = frozenset(("minLength", "pattern"))
_SPOKEN: Final = frozenset(("oneOf", "anyOf", "not", "maxProperties", "pattern"))


def _shape(branch: dict[str, Any]) -> str:
    if "enum" in branch:
        return " or ".join(f"`{value}`" for value in branch["enum"])
    if branch.get("type") == "object" and branch.get("required"):
        return "{" + ", ".join(f"{name}: …" for name in branch["required"]) + "}"
    return _TYPES[branch["type"]]


def _kind_of(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"{str(value).lower()}, a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return f"the text `{_short(value)}`"
    return "a list" if isinstance(value, list) else "a mapping"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
