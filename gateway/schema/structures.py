"""The arguments `asOf` and `structure` of questions about a day, the same for all of them."""

from datetime import date
from typing import Any

import graphene

from gateway import structures
from gateway.context import Context
from gateway.errors import InvalidInput
from gateway.schema.coverage import Structure
from gateway.schema.inputs import unit_id_of
from gateway.structures import Asked

UNIT = "id, or code on the map asked for"


def dated() -> dict[str, Any]:
    """`asOf` and `structure`."""
    return {
        "as_of": graphene.Date(description="today in Vietnam by default; MAP_NOT_KNOWN before the map is known"),
        "structure": Structure(
            description="ORIGINAL by default: that day's map. CURRENT and RESTATED: as of that day, on today's map"
        ),
    }


def place_of(context: Context, unit: str, as_of: date | None, structure: Any) -> Asked:
    """Which unit is asked about, on which map. Raises `InvalidInput`, `NotFound`, `MapNotKnown`."""
    day = as_of or context.today
    named: structures.Structure = "original" if structure is None else structure.value
    on = day if named == "original" else context.today
    asked = Asked(context.read(unit_id_of, unit, on), day, on, named)
    context.read(structures.require_known, asked)
    return asked


def place_of_things(context: Context, unit: str, as_of: date | None, structure: Any) -> Asked:
    """The same for a list: things are shown under what they belong to, and none is shared out."""
    if structure is not None and structure.value == "restated":
        rule = "Danh sách không chia theo tỷ lệ được; hãy hỏi ORIGINAL hoặc CURRENT, hoặc hỏi số liệu."
        raise InvalidInput(rule, field="structure")
    return place_of(context, unit, as_of, structure)
