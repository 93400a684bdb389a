"""The reorganisations that ship with the project: one TOML file a decision in `data/reorganisations/`, to be read.

A file says from which day, on whose word, which units there were that the map no longer has, and the operations, whose
units are written `regime/level/code`. The files run in the order of their names, before what the succession rows say.
"""

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.kernel.csv_rows import BadCell, RowFault
from services.kernel.identifiers import derived_id
from services.registry.reading import Key, Reading
from services.registry.reorganisation import Reorganise
from services.registry.unit import RegisterUnit

_NAMING = ("unit", "to", "parent", "seat")
"""Fields of operations that name one unit; `units` and `into` may name several."""


def resolution_commands(
    folder: Path, units: Mapping[Key, RegisterUnit], reading: Reading
) -> tuple[list[RegisterUnit], list[Reorganise]]:
    """Units to register besides, and the reorganisations in order; faults go to `reading`."""
    registered: list[RegisterUnit] = []
    decided: list[Reorganise] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
            more, one = _read(path, said, units, reading)
        except BadCell as bad:
            reading.faults.append(RowFault(path.name, 1, bad.column, bad.rule))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            reading.faults.append(RowFault(path.name, 1, "", f"không phải TOML đúng chuẩn: {error}"))
        except ValidationError as error:
            for fault in error.errors(include_input=False, include_url=False):
                reading.faults.append(RowFault(path.name, 1, ".".join(map(str, fault["loc"])), fault["msg"]))
        else:
            registered += more
            decided.append(one)
    return registered, decided


def _read(
    path: Path, said: Mapping[str, Any], units: Mapping[Key, RegisterUnit], reading: Reading
) -> tuple[list[RegisterUnit], Reorganise]:
    known = dict(units)
    more = []
    for told in said.get("units", ()):
        fields = {**told, "parent": _unit(told.get("parent", ""), "parent", known, reading)}
        envelope = reading.envelope("unit", path.name, *sorted(map(str, told.items())))
        unit = RegisterUnit.model_validate({**fields, **envelope})
        known[unit.regime, unit.level, unit.code] = unit
        more.append(unit)
    operations = [_named(operation, known, reading) for operation in said.get("operations", ())]
    digest = sha256(path.read_bytes()).hexdigest()
    fields = {name: value for name, value in said.items() if name not in ("units", "operations")}
    reorganisation = derived_id("reorganisation", path.stem)
    envelope = reading.envelope("reorganisation", path.stem, digest)
    told = {**fields, "operations": operations, "reorganisation": reorganisation, **envelope}
    return more, Reorganise.model_validate(told)


def _named(operation: Mapping[str, Any], known: Mapping[Key, RegisterUnit], reading: Reading) -> dict[str, Any]:
    """An operation with ids in the place of names."""
    found = dict(operation)
    for field, value in operation.items():
        if isinstance(value, list):
            found[field] = [_unit(one, field, known, reading) for one in value]
        elif field in _NAMING or (field == "into" and isinstance(value, str)):
            found[field] = _unit(value, field, known, reading)
    return found


def _unit(name: str, field: str, known: Mapping[Key, RegisterUnit], reading: Reading) -> Any:
    regime, _, rest = name.partition("/")
    level, _, code = rest.partition("/")
    return reading.unit(known, field, (regime, level, code)).unit
