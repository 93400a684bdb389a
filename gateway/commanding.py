"""Sending commands for a viewer: who may, about what, and what came of it.

Role and place are checked here, before anything is sent; the rules of the matter are the service's. The same answer is
given for what does not exist and for what is not the viewer's, so that nothing can be learnt by asking.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import anyio.to_thread
from sqlalchemy import Connection

from gateway.context import Context
from gateway.errors import GatewayError, InvalidInput, NotFound, Unauthenticated, Unavailable
from gateway.freshness import token
from gateway.viewer import OFFICIALS, TEAM_ROLES, Role
from services.kernel.bus import Answer, BusError
from services.kernel.clock import to_text
from services.kernel.identifiers import derived_id, new_id

T = TypeVar("T")
P = ParamSpec("P")

FIELD_WORKERS = OFFICIALS | TEAM_ROLES
CASE_HANDLERS = OFFICIALS | {Role.BODY_HANDLER}
MAY: dict[str, frozenset[Role]] = {
    "import_map": frozenset({Role.PROVINCE_OFFICIAL}),
    "register_unit": frozenset({Role.PROVINCE_OFFICIAL}),
    "declare_map": frozenset({Role.PROVINCE_OFFICIAL}),
    "register_hamlet": OFFICIALS,
    "reorganise": OFFICIALS,
    "state_shares": OFFICIALS,
    "establish_team": OFFICIALS,
    "renew_team": OFFICIALS,
    "launch_team": OFFICIALS,
    "dissolve_team": OFFICIALS,
    "decide_on_teams": OFFICIALS,
    "nominate_member": OFFICIALS,
    "appoint_member": OFFICIALS,
    "assign_duty": OFFICIALS,
    "stand_down_member": OFFICIALS,
    "keep_member_contact": OFFICIALS,
    "erase_member_contact": OFFICIALS,
    "read_member_contact": OFFICIALS,
    "draft_policy_profile": OFFICIALS,
    "publish_policy_profile": OFFICIALS,
    "end_policy_profile": OFFICIALS,
    "register_enterprise": OFFICIALS,
    "count_enterprise": OFFICIALS,
    "link_messaging_group": OFFICIALS,
    "unlink_messaging_group": OFFICIALS,
    "catalogue_course": frozenset({Role.PROVINCE_OFFICIAL}),
    "retire_course": frozenset({Role.PROVINCE_OFFICIAL}),
    "schedule_training": OFFICIALS,
    "hold_training": OFFICIALS,
    "call_off_training": OFFICIALS,
    "assess_member_skill": OFFICIALS,
    "confirm_member_skill": OFFICIALS,
    "complete_external_course": OFFICIALS,
    "propose_digital_service": frozenset({Role.PROVINCE_OFFICIAL, Role.BODY_HANDLER}),
    "publish_digital_service": frozenset({Role.PROVINCE_OFFICIAL}),
    "revise_digital_service": frozenset({Role.PROVINCE_OFFICIAL}),
    "withdraw_digital_service": frozenset({Role.PROVINCE_OFFICIAL}),
    "draft_material": OFFICIALS | {Role.BODY_HANDLER},
    "give_material_opinion": frozenset({Role.PROVINCE_OFFICIAL}),
    "approve_material": frozenset({Role.PROVINCE_OFFICIAL}),
    "publish_material": frozenset({Role.PROVINCE_OFFICIAL}),
    "withdraw_material": frozenset({Role.PROVINCE_OFFICIAL}),
    "open_campaign": OFFICIALS,
    "plan_campaign": OFFICIALS,
    "call_off_campaign": OFFICIALS,
    "propose_commendation": OFFICIALS | {Role.TEAM_LEADER},
    "select_commendation": frozenset({Role.COMMUNE_OFFICIAL}),
    "decline_commendation": frozenset({Role.COMMUNE_OFFICIAL}),
    "approve_commendation": OFFICIALS,
    "award_commendation": OFFICIALS,
    "revoke_commendation": OFFICIALS,
    "evaluate_member": OFFICIALS,
    "correct_member_evaluation": OFFICIALS,
    "withdraw_member_evaluation": OFFICIALS,
    "propose_good_practice": OFFICIALS,
    "share_good_practice": OFFICIALS,
    "withdraw_good_practice": OFFICIALS,
    "launch_emulation_drive": OFFICIALS,
    "close_emulation_drive": OFFICIALS,
    "set_funding_rule": OFFICIALS,
    "end_funding_rule": OFFICIALS,
    "allocate_funding": OFFICIALS,
    "appraise_funding": OFFICIALS,
    "advance_funding": OFFICIALS,
    "settle_funding": OFFICIALS,
    "return_funding": OFFICIALS,
    "designate_priority_area": OFFICIALS,
    "end_priority_area": OFFICIALS,
    "engage_partner": OFFICIALS,
    "end_partner": OFFICIALS,
    "issue_task": OFFICIALS,
    "start_task": OFFICIALS | {Role.TEAM_LEADER},
    "finish_task": OFFICIALS | {Role.TEAM_LEADER},
    "call_off_task": OFFICIALS,
    "submit_roster": OFFICIALS,
    "consolidate_roster": OFFICIALS,
    "register_household": FIELD_WORKERS,
    "move_household": FIELD_WORKERS,
    "record_visit": FIELD_WORKERS,
    "correct_visit": FIELD_WORKERS,
    "void_visit": FIELD_WORKERS,
    "submit_feedback": FIELD_WORKERS,
    "answer_feedback": CASE_HANDLERS,
    "erase_person": OFFICIALS,
    "read_case": CASE_HANDLERS,
}
"""Which roles may ask for what at all; where is checked against the read models."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know about a command that was accepted all the same."""

    code: str
    message: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command. `id` is what it was about, `token` is for reading it back."""

    accepted: bool
    id: str = ""
    token: str = ""
    code: str = ""
    message: str = ""
    field: str = ""
    warnings: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """A command ready to be sent: `about` is the id of the thing, `command_id` the idempotency key."""

    command: str
    about: str
    payload: dict[str, Any]
    command_id: UUID


def order(context: Context, command: str, about: str, payload: dict[str, Any], command_id: UUID) -> Order:
    """Complete a payload with who, when and the idempotency key."""
    viewer = context.require()
    envelope = {
        "command_id": str(command_id),
        "actor": viewer.sub,
        "at": to_text(context.now),
        "correlation_id": str(context.correlation_id),
    }
    return Order(command, about, {**payload, **envelope}, command_id)


async def send(context: Context, service: str, *orders: Order) -> list[Outcome]:
    """Send commands to one service, together. Raises `Unavailable`: they may or may not have run."""
    if not orders:
        return []
    commands = [(each.command, each.payload) for each in orders]
    try:
        if len(commands) == 1:
            answers = [await context.parts.bus.execute(service, *commands[0])]
        else:
            answers = await context.parts.bus.execute_many(service, commands)
    except BusError:
        raise Unavailable from None
    return [outcome_of(service, each, answer) for each, answer in zip(orders, answers, strict=True)]


def outcome_of(service: str, sent: Order, answer: Answer) -> Outcome:
    """A service's answer in the shape of a mutation's."""
    if answer.accepted:
        return Outcome(accepted=True, id=sent.about, token=token(service, answer))
    return Outcome(accepted=False, id=sent.about, code=answer.code, message=answer.message, field=_camel(answer.field))


def refused(error: GatewayError) -> Outcome:
    """A refusal of the gateway's own in the shape of a service's."""
    return Outcome(accepted=False, code=error.stable_code, message=error.message, field=error.field)


def told_as_outcome(
    resolver: Callable[Concatenate[Any, Any, P], Awaitable[T]],
) -> Callable[Concatenate[Any, Any, P], Awaitable[T | Outcome]]:
    """Refusals come back as outcomes; only not being known and not being reachable are errors."""

    @wraps(resolver)
    async def resolve(root: Any, info: Any, /, *args: P.args, **kwargs: P.kwargs) -> T | Outcome:
        try:
            return await resolver(root, info, *args, **kwargs)
        except (Unauthenticated, Unavailable):
            raise
        except GatewayError as error:
            return refused(error)

    return resolve


async def checked(context: Context, command: str, check: Callable[[Connection], bool]) -> None:
    """Refuse unless the role may and the check of place holds. Raises `Unauthenticated`, `Forbidden`, `NotFound`."""
    context.require(*MAY[command])
    if not await asked(context, check):
        raise NotFound


async def asked(context: Context, question: Callable[[Connection], T]) -> T:
    """Ask the read models in a thread."""

    def ask() -> T:
        with context.parts.database.look() as connection:
            return question(connection)

    return await anyio.to_thread.run_sync(ask)


def command_id_of(text: str | None) -> UUID:
    """The client's idempotency key, or a fresh one. Raises `InvalidInput`."""
    if text is None:
        return new_id()
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("`commandId` phải là mã UUID.", field="commandId") from None


def new_thing(context: Context, kind: str, given: str | None, command_id: UUID) -> str:
    """The id of what a command creates: given by the client, or the same for the same command however often sent."""
    if given is None:
        return str(derived_id(kind, context.require().sub, command_id))
    try:
        return str(UUID(given))
    except ValueError:
        raise InvalidInput(f"`{kind}` phải là mã UUID.", field=kind) from None


def ids_of(texts: Sequence[str], field: str) -> list[str]:
    """Several ids in canonical form. Raises `InvalidInput`."""
    try:
        return [str(UUID(text)) for text in texts]
    except ValueError:
        raise InvalidInput(f"`{field}` phải là mã UUID.", field=field) from None


def plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as a service takes them: days and choices as text, what was not told and the key left out."""
    known = {name: value for name, value in told.items() if value is not None and name != "command_id"}
    return {name: _plain(value) for name, value in known.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _camel(field: str) -> str:
    head, *rest = field.split("_")
    return head + "".join(part.capitalize() for part in rest)
