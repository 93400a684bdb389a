"""The catalogue of digital services that ships with the project: `data/digital-services.toml`, which an official reads.

Each service is proposed and published, revised where the file says so and withdrawn where it has a last day. Command
ids are derived from what is said, so that a second import changes nothing. What is published is never written anew: a
later release adds a `[[services.revised]]`.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.kernel.csv_rows import BadCell, RowFault
from services.kernel.message import Command
from services.registry.digital_service import (
    ProposeDigitalService,
    PublishDigitalService,
    ReviseDigitalService,
    ServiceCode,
    ServiceFacts,
    WithdrawDigitalService,
)
from services.registry.reading import Key, Reading
from services.registry.unit import Level, RegisterUnit


class _Territory(BaseModel):
    model_config = ConfigDict(extra="forbid")

    regime: str
    level: Level
    code: str


class _Revised(ServiceFacts):
    revised_on: date


class _Service(ServiceFacts):
    code: ServiceCode
    territory: _Territory | None = None
    valid_from: date | None = None
    last_day: date | None = None
    revised: tuple[_Revised, ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    services: tuple[_Service, ...] = Field(max_length=500)


def service_commands(path: Path, units: Mapping[Key, RegisterUnit], reading: Reading) -> list[Command]:
    """Propose, publish, revise and withdraw what the file says; faults go to `reading`."""
    commands: list[Command] = []
    seen: set[str] = set()
    for service in _services(path, reading):
        try:
            if service.code in seen:
                raise BadCell("code", f"mã {service.code} đã có ở trên")
            seen.add(service.code)
            commands += _commands_of(service, _territory_of(service, units, reading), reading)
        except BadCell as bad:
            reading.faults.append(RowFault(path.name, 1, f"{service.code}.{bad.column}", bad.rule))
    return commands


def _services(path: Path, reading: Reading) -> tuple[_Service, ...]:
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).services
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reading.faults.append(RowFault(path.name, 1, "", f"không phải TOML đúng chuẩn: {error}"))
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            reading.faults.append(RowFault(path.name, 1, ".".join(map(str, fault["loc"])), fault["msg"]))
    return ()


def _territory_of(service: _Service, units: Mapping[Key, RegisterUnit], reading: Reading) -> UUID | None:
    if service.territory is None:
        return None
    key = (service.territory.regime, service.territory.level, service.territory.code)
    return reading.unit(units, "territory", key).unit


def _commands_of(service: _Service, territory: UUID | None, reading: Reading) -> Iterator[Command]:
    code, facts = service.code, _facts(service)
    said = sha256(f"{facts.model_dump_json()}{territory}".encode()).hexdigest()
    envelope = reading.envelope("digital-service-propose", code, said)
    yield ProposeDigitalService(service=code, facts=facts, territory=territory, **envelope)
    envelope = reading.envelope("digital-service-publish", code, service.valid_from)
    yield PublishDigitalService(service=code, valid_from=service.valid_from, **envelope)
    for revised in service.revised:
        facts = _facts(revised)
        said = sha256(facts.model_dump_json().encode()).hexdigest()
        envelope = reading.envelope("digital-service-revise", code, revised.revised_on, said)
        yield ReviseDigitalService(service=code, facts=facts, revised_on=revised.revised_on, **envelope)
    if service.last_day is not None:
        envelope = reading.envelope("digital-service-withdraw", code, service.last_day)
        yield WithdrawDigitalService(service=code, last_day=service.last_day, **envelope)


def _facts(told: ServiceFacts) -> ServiceFacts:
    dumped = told.model_dump()
    return ServiceFacts.model_validate({name: dumped[name] for name in _FACTS})


_FACTS = tuple(field.alias or name for name, field in ServiceFacts.model_fields.items())
