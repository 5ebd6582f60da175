"""Named things whose versions are numbered by the service: toolboxes, skills and evaluators."""

from dataclasses import dataclass
from typing import Any

from foundry.sandbox.emulator.project.objects import ObjectStore, Window

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """One sort of them, by project.

    A name is kept as `{id, default, latest, next, made, changed}`, a version as `{id, number, made, body}` below it.

    Attributes:
        objects: Where they are kept.
        kind: Kind of the names.
    """

    objects: ObjectStore
    kind: str

    @property
    def version_kind(self) -> str:
        """Kind of the versions."""
        return f"{self.kind}.version"

    def below(self, name: str) -> str:
        """The parent of a name's versions."""
        return f"{self.kind}:{name}"

    def add(self, project: str, name: str, body: Body, now: float, *, default: bool = False) -> Body:
        """Adds a version, and the name with its first one; `default` makes it the one the name stands for."""
        head = self.head(project, name)
        number = str(head["next"]) if head else "1"
        version = {"id": f"{name}:{number}", "number": number, "made": int(now), "body": body}
        self.objects.add(project, self.version_kind, version, now, self.below(name))
        if head is None:
            head = {
                "id": name,
                "default": None,
                "latest": number,
                "next": 2,
                "made": int(now),
                "changed": int(now),
            }
            self.objects.add(project, self.kind, head, now)
        else:
            head |= {"latest": number, "next": head["next"] + 1, "changed": int(now)}
        if default:
            head["default"] = number
        self.objects.put(project, self.kind, head)
        return version

    def head(self, project: str, name: str) -> Body | None:
        """What is kept of a name, or None."""
        return self.objects.get(project, self.kind, name)

    def version(self, project: str, name: str, number: str) -> Body | None:
        """A version by its number, or None."""
        return self.objects.get(project, self.version_kind, f"{name}:{number}", self.below(name))

    def default(self, head: Body) -> str:
        """The number that a name stands for: the one that was set, else the latest."""
        return str(head["default"] or head["latest"])

    def set_default(self, project: str, head: Body, number: str, now: float) -> Body:
        """Makes a name stand for one of its versions."""
        head |= {"default": number, "changed": int(now)}
        self.objects.put(project, self.kind, head)
        return head

    def remove(self, project: str, name: str) -> bool:
        """Removes a name with its versions; False when there was none."""
        self.objects.remove_below(project, self.below(name))
        return self.objects.remove(project, self.kind, name)

    def remove_version(self, project: str, head: Body, number: str, now: float) -> bool:
        """Removes a version, the last one with its name; False when there was none."""
        name = head["id"]
        if not self.objects.remove(project, self.version_kind, f"{name}:{number}", self.below(name)):
            return False
        page = self.objects.page(project, self.version_kind, Window(limit=1), self.below(name))
        if page is None or not page.items:
            return self.remove(project, name)
        head |= {"latest": page.items[0]["number"], "changed": int(now)}
        head["default"] = None if head["default"] == number else head["default"]
        self.objects.put(project, self.kind, head)
        return True
