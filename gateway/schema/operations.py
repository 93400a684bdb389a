"""Operations on the map as people write them, read into those the registry takes, and whom they are about."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import graphene
from sqlalchemy import Connection, select

from gateway import units
from gateway.errors import InvalidInput, NotFound
from gateway.schema.connections import InputObjectType
from gateway.schema.inputs import id_of, unit_id_of
from gateway.unit_tree import below
from services.kernel.identifiers import derived_id

_TEXT = graphene.String
MOST_OPERATIONS = 500


class OperationKind(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """What an operation does."""

    FOUND = "found"
    MERGE = "merge"
    SPLIT = "split"
    CEDE = "cede"
    TRANSFER = "transfer"
    RENAME = "rename"
    ABOLISH = "abolish"


class OperationPlace(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """What it is about."""

    UNIT = "unit"
    HAMLET = "hamlet"


class OperationInput(InputObjectType):
    """One change. Units are named by id, by their code of the day before, or by the label of one founded beside.

    FOUND `label name kind` and for a unit `level code parent`, for a hamlet `to` (its commune) · MERGE `units to` ·
    SPLIT `unit into seat` · CEDE `unit to` · TRANSFER `unit to` · RENAME `unit name kind` · ABOLISH `units`, or a whole
    tier: `level` and `unit` it lies under.
    """

    do = OperationKind(required=True)
    place = OperationPlace(description="UNIT by default")
    unit = _TEXT()
    units = graphene.List(graphene.NonNull(_TEXT))
    to = _TEXT()
    into = graphene.List(graphene.NonNull(_TEXT))
    seat = _TEXT(description="which part keeps the seat")
    label = _TEXT(description="how other operations call what is founded")
    name = _TEXT()
    kind = _TEXT(description="Xã, Phường, Ấp, Khóm, …")
    level = _TEXT(description="province, district or commune")
    code = _TEXT()
    regime = _TEXT(description="`current` by default")
    parent = _TEXT()
    lat = graphene.Float()
    lon = graphene.Float()


def _place(told: Mapping[str, Any]) -> str:
    return str(told["place"].value) if told.get("place") else "unit"


class Reading:
    """Operations as people write them, read into those the registry takes; and whom they are about."""

    def __init__(self, connection: Connection, about: str, day: date) -> None:
        self._connection = connection
        self._about = about
        self._day = day
        self._founded: dict[str, str] = {}
        self.units: set[str] = set()
        """Units that change."""
        self.places: set[str] = set()
        """Communes that hamlets are put under, parents that units are put under."""
        self.hamlets: set[str] = set()

    def operations(self, told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """All of them, in order. Raises `InvalidInput`, `NotFound`."""
        if not 1 <= len(told) <= MOST_OPERATIONS:
            raise InvalidInput(f"Mỗi lần sắp xếp có từ 1 đến {MOST_OPERATIONS} việc.", field="operations")
        for place, each in enumerate(told):
            if each["do"].value == "found":
                self._label(each, f"operations.{place}")
        return [self._operation(each, f"operations.{place}") for place, each in enumerate(told)]

    def _label(self, told: Mapping[str, Any], field: str) -> None:
        label = told.get("label")
        if not label or label in self._founded:
            raise InvalidInput("Đơn vị lập mới phải có `label` riêng.", field=f"{field}.label")
        if _place(told) == "hamlet":
            self._founded[label] = str(derived_id("hamlet", self._about, label))
        else:
            regime = told.get("regime") or "current"
            level, code = self._given(told, "level", field), self._given(told, "code", field)
            self._founded[label] = str(derived_id("unit", regime, level, code))

    def _given(self, told: Mapping[str, Any], name: str, field: str) -> Any:
        if not told.get(name):
            raise InvalidInput(f"Việc này phải có `{name}`.", field=f"{field}.{name}")
        return told[name]

    def _operation(self, told: Mapping[str, Any], field: str) -> dict[str, Any]:
        do, place = told["do"].value, _place(told)
        named = {"do": do, "place": place}
        match do:
            case "found":
                return self._found(told, place, field)
            case "merge":
                gone = [self._of(one, place, f"{field}.units") for one in self._given(told, "units", field)]
                return {**named, "units": gone, "into": self._of(self._given(told, "to", field), place, f"{field}.to")}
            case "split":
                into = [self._of(one, place, f"{field}.into") for one in self._given(told, "into", field)]
                seat = self._of(told["seat"], place, f"{field}.seat") if told.get("seat") else None
                return {**named, "unit": self._unit(told, place, field), "into": into, "seat": seat}
            case "cede":
                to = self._of(self._given(told, "to", field), place, f"{field}.to")
                return {**named, "unit": self._unit(told, place, field), "to": to}
            case "transfer":
                to = self._above(self._given(told, "to", field), f"{field}.to")
                return {**named, "unit": self._unit(told, place, field), "to": to}
            case "rename":
                words = {"name": self._given(told, "name", field), "kind": self._given(told, "kind", field)}
                return {**named, "unit": self._unit(told, place, field), **words}
            case _:
                return {**named, "units": self._abolished(told, place, field)}

    def _found(self, told: Mapping[str, Any], place: str, field: str) -> dict[str, Any]:
        words = {"name": self._given(told, "name", field), "kind": self._given(told, "kind", field)}
        if place == "hamlet":
            commune = self._above(self._given(told, "to", field), f"{field}.to")
            return {"do": "found_hamlet", "hamlet": self._founded[told["label"]], "commune": commune, **words}
        code = {"regime": told.get("regime") or "current", "code": told["code"], "level": told["level"]}
        parent = self._above(told["parent"], f"{field}.parent") if told.get("parent") else None
        where = {"parent": parent, "lat": told.get("lat"), "lon": told.get("lon")}
        return {"do": "found_unit", **code, **words, **where}

    def _unit(self, told: Mapping[str, Any], place: str, field: str) -> str:
        return self._of(self._given(told, "unit", field), place, f"{field}.unit")

    def _of(self, text: str, place: str, field: str) -> str:
        """A unit or hamlet that changes, or is founded beside."""
        if text in self._founded:
            return self._founded[text]
        if place == "hamlet":
            found = id_of(text, field)
            self.hamlets.add(found)
        else:
            found = unit_id_of(self._connection, text, self._day, field)
            self.units.add(found)
        return found

    def _above(self, text: str, field: str) -> str:
        """A unit that something is put under."""
        if text in self._founded:
            return self._founded[text]
        found = unit_id_of(self._connection, text, self._day, field)
        self.places.add(found)
        return found

    def _abolished(self, told: Mapping[str, Any], place: str, field: str) -> list[str]:
        if told.get("level") is None:
            return [self._of(one, place, f"{field}.units") for one in self._given(told, "units", field)]
        root = self._of(self._given(told, "unit", field), "unit", f"{field}.unit")
        tree, table = below([root], self._day), units.LIVE.units
        tier = select(tree.c.unit).join(table, table.c.unit == tree.c.unit)
        tier = tier.where(table.c.level == told["level"], units.told_on(self._day), tree.c.unit != root)
        found = sorted(self._connection.execute(tier).scalars())
        if not found:
            raise NotFound("Không có đơn vị nào của cấp này ở đó.", field=f"{field}.level")
        self.units.update(found)
        return found
