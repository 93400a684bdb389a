"""What the succession rows say as reorganisations: units that hang together go together, whole or in part.

Units that begin or end by a reorganisation are founded and ended by it; the others are registered as they stand. A
succession of one unit says nothing of the next: each group that shares units is a reorganisation of its own, small
enough to be read, and an import broken off goes on where it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.kernel.identifiers import derived_id
from services.kernel.tiers import lowest, tier
from services.registry.reading import Key, Reading
from services.registry.reorganisation import Abolish, Cede, FoundUnit, Merge, Operation, Reorganise, Split
from services.registry.succession_rows import Succession
from services.registry.unit import RegisterUnit

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reform:
    """Units to register as they stand, and how the map then changes, in order."""

    units: list[RegisterUnit]
    reorganisations: list[Reorganise]


def reform(
    units: Mapping[Key, RegisterUnit], successions: Sequence[Succession], source: str, reading: Reading
) -> Reform:
    """Everything the rows say, provinces first; the tier that goes without successors last."""
    by_id = {unit.unit: unit for unit in units.values()}
    groups = _groups(successions)
    founded = {s.successor for s in successions if by_id[s.successor].valid_from == s.on}
    went = {s.unit for s in successions}
    abolished = _abolished([unit for unit in units.values() if unit.valid_to is not None and unit.unit not in went])
    plain = [
        unit.model_copy(update={"valid_to": None}) if unit.valid_to is not None else unit
        for unit in units.values()
        if unit.unit not in founded
    ]
    operations = [(on, _operations(group, by_id)) for on, group in groups]
    operations.sort(key=lambda told: (told[0], min(_rank(operation) for operation in told[1])))
    reorganisations = [
        Reorganise(
            reorganisation=derived_id("reorganisation", on, *(o.model_dump_json() for o in told)),
            on=on,
            source=source,
            operations=tuple(told),
            **reading.envelope("reorganisation", on, source, *(o.model_dump_json() for o in told)),
        )
        for on, told in [*operations, *abolished]
    ]
    return Reform(plain, reorganisations)


def _groups(successions: Iterable[Succession]) -> list[tuple[date, list[Succession]]]:
    """Successions of one day that share units, directly or through others."""
    leads: dict[tuple[date, UUID], tuple[date, UUID]] = {}

    def leader(of: tuple[date, UUID]) -> tuple[date, UUID]:
        while leads.setdefault(of, of) != of:
            leads[of] = leads[leads[of]]
            of = leads[of]
        return of

    told = list(successions)
    for one in told:
        leads[leader((one.on, one.unit))] = leader((one.on, one.successor))
    groups: dict[tuple[date, UUID], list[Succession]] = defaultdict(list)
    for one in told:
        groups[leader((one.on, one.unit))].append(one)
    return [(on, group) for (on, _), group in groups.items()]


def _operations(group: Sequence[Succession], by_id: Mapping[UUID, RegisterUnit]) -> list[Operation]:
    operations: list[Operation] = []
    for successor in dict.fromkeys(one.successor for one in group):
        unit = by_id[successor]
        if unit.valid_from == group[0].on:
            operations.append(_found(unit))
    merged: dict[UUID, list[UUID]] = defaultdict(list)
    parted: dict[UUID, list[Succession]] = defaultdict(list)
    for one in group:
        if one.part:
            parted[one.unit].append(one)
        else:
            merged[one.successor].append(one.unit)
    operations += [Merge(units=tuple(gone), into=into) for into, gone in merged.items()]
    for unit_id, parts in parted.items():
        if by_id[unit_id].valid_to is None:
            operations += [Cede(unit=unit_id, to=part.successor) for part in parts]
        else:
            seat = next((part.successor for part in parts if part.seat), None)
            operations.append(Split(unit=unit_id, into=tuple(part.successor for part in parts), seat=seat))
    return operations


def _found(unit: RegisterUnit) -> FoundUnit:
    return FoundUnit.model_validate(
        unit.model_dump(exclude={"command_id", "actor", "at", "correlation_id", "valid_from", "valid_to"})
    )


def _rank(operation: Operation) -> int:
    return tier(operation.level).rank if isinstance(operation, FoundUnit) else lowest().rank + 1


def _abolished(units: Iterable[RegisterUnit]) -> list[tuple[date, list[Operation]]]:
    """Units that end and go nowhere, by the unit they lay under."""
    gone: dict[tuple[date, UUID | None], list[UUID]] = defaultdict(list)
    for unit in units:
        if unit.valid_to is not None:
            gone[unit.valid_to + _DAY, unit.parent].append(unit.unit)
    return [(on, [Abolish(units=tuple(ended))]) for (on, _), ended in gone.items()]
