"""The profiles that ship with the project: one TOML file a plan, `data/profiles/`, which an official can read.

A file says which territory, which span, which rules with their sections; `status = "draft"` leaves publishing to an
official. A new plan is a new file, or the same words through GraphQL: no code knows any of them.
"""

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from services.kernel.csv_rows import BadCell, RowFault
from services.kernel.message import Command
from services.registry.policy import DraftPolicyProfile, Plan, PublishPolicyProfile, profile_id
from services.registry.reading import Key, Reading
from services.registry.unit import Level, RegisterUnit


class _Territory(BaseModel):
    model_config = ConfigDict(extra="forbid")

    regime: str
    level: Level
    code: str


class _File(BaseModel):
    """The part of a file that is no plan."""

    model_config = ConfigDict(extra="ignore")

    status: Literal["draft", "published"]
    territory: _Territory


def profile_commands(folder: Path, units: Mapping[Key, RegisterUnit], reading: Reading) -> list[Command]:
    """Draft and publish each profile of `folder`, in the order of the file names; faults go to `reading`."""
    commands: list[Command] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
            file, plan = _File.model_validate(said), Plan.model_validate(_plan_of(said))
            key = (file.territory.regime, file.territory.level, file.territory.code)
            territory = reading.unit(units, "territory", key).unit
        except BadCell as bad:
            reading.faults.append(RowFault(path.name, 1, bad.column, bad.rule))
            continue
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            reading.faults.append(RowFault(path.name, 1, "", f"không phải TOML đúng chuẩn: {error}"))
            continue
        except ValidationError as error:
            for fault in error.errors(include_input=False, include_url=False):
                reading.faults.append(RowFault(path.name, 1, ".".join(map(str, fault["loc"])), fault["msg"]))
            continue
        profile, digest = profile_id(plan.code), sha256(plan.model_dump_json().encode()).hexdigest()
        drafted = reading.envelope("profile-draft", plan.code, digest)
        commands.append(DraftPolicyProfile(territory=territory, profile=profile, plan=plan, **drafted))
        if file.status == "published":
            published = reading.envelope("profile-publish", plan.code, digest)
            commands.append(PublishPolicyProfile(territory=territory, profile=profile, **published))
    return commands


def _plan_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """The plan in a file: each rule's `section` is one of the file's own document."""
    plan = {name: value for name, value in said.items() if name not in ("status", "territory")}
    document = said.get("document") or said.get("name")
    rules = [{name: value for name, value in rule.items() if name != "section"} for rule in said.get("rules", ())]
    for rule, told in zip(rules, said.get("rules", ()), strict=True):
        rule.setdefault("citation", {"document": document, "section": told.get("section")})
    return {**plan, "rules": rules}
