"""What may be asked of feedback: the reading of sealed texts, which no read model holds.

Answers travel back over the same brokers, so they are sealed to a key the asker made for this one question and forgets
afterwards. A question that is refused answers `{"refused": {"code", "message"}}`; the codes are those of `case`, and

    NOT_IN_SCOPE     the viewer holds neither the commune nor, as a body's handler, the body of this case
    BAD_QUESTION     a field is missing or malformed
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.feedback.case import CASE, Case, Purpose, ViewPersonalData
from services.feedback.letters import field_of
from services.feedback.territory import TERRITORY
from services.feedback.vault import Vaults
from services.kernel import sealing, store
from services.kernel.clock import business_date
from services.kernel.database import Database
from services.kernel.identifiers import new_id

Role = Literal["province_official", "commune_official", "team_leader", "team_member", "body_handler"]


class Viewer(BaseModel):
    """Who asks, as the gateway has authenticated them."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    sub: str = Field(min_length=1, max_length=200)
    role: Role
    units: tuple[UUID, ...] = ()
    body: str | None = None


class ReadCase(BaseModel):
    """`read_case`: text, answer and, for those who handle the case, contact. Recorded before it is shown."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    case: UUID
    viewer: Viewer
    purpose: Purpose
    reply_to: str = Field(max_length=100)


class CaseAnswer(BaseModel):
    """`case_answer`: the answer, for the holder of code and PIN; the gateway has checked both."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    case: UUID
    reply_to: str = Field(max_length=100)


def reading_context(question: str, case: UUID) -> str:
    """What a reply is sealed for."""
    return f"feedback/{question}/{case}"


def load_case(database: Database, case: UUID) -> Case:
    """The case as the event store has it now; the initial state when there is none."""
    stream = CASE.stream_of(case)
    with database.read() as connection:
        rows = store.load(connection, [stream])[stream]
    return CASE.fold(CASE.initial, CASE.codec.decode_all(rows))


def read_case(vaults: Vaults) -> Callable[[Any, Mapping[str, Any]], Any]:
    """The question `read_case`, bound to the vaults."""

    def question(runtime: Any, payload: Mapping[str, Any]) -> Any:
        try:
            asked = ReadCase.model_validate(payload)
        except ValidationError as error:
            return _bad_question(error)
        case = load_case(runtime.database, asked.case)
        if case.commune is None or not _in_scope(runtime.database, asked.viewer, case, business_date(runtime.clock())):
            return _refused("NOT_IN_SCOPE", "Phản ánh này không thuộc địa bàn hoặc lĩnh vực của Ông/Bà.")
        viewed = ViewPersonalData(
            command_id=new_id(),
            actor=asked.viewer.sub,
            at=runtime.clock(),
            case=asked.case,
            viewer=asked.viewer.sub,
            purpose=asked.purpose,
        )
        answer = runtime.processor.execute(viewed)
        if not answer.accepted:
            return _refused(answer.code, answer.message)
        fields = [field_of("text", case.letter)]
        fields += [field_of("answer", case.answer)] if case.answer else []
        fields += [field_of("contact", case.letter)] if _handles(asked.viewer, case) else []
        found = vaults.of(runtime.database).read(asked.case, fields)
        body = {name.split("/")[0]: orjson.loads(text) for name, text in found.items()}
        return {"sealed": _seal(asked.reply_to, body, "read_case", asked.case)}

    return question


def case_answer(vaults: Vaults) -> Callable[[Any, Mapping[str, Any]], Any]:
    """The question `case_answer`, bound to the vaults."""

    def question(runtime: Any, payload: Mapping[str, Any]) -> Any:
        try:
            asked = CaseAnswer.model_validate(payload)
        except ValidationError as error:
            return _bad_question(error)
        case = load_case(runtime.database, asked.case)
        found: dict[str, bytes] = {}
        if case.answer is not None:
            found = vaults.of(runtime.database).read(asked.case, [field_of("answer", case.answer)])
        body = [orjson.loads(text) for text in found.values()]
        return {
            "answered_on": case.answered_on.isoformat() if case.answered_on else None,
            "erased": case.erased,
            "sealed": _seal(asked.reply_to, body[0], "case_answer", asked.case) if body else None,
        }

    return question


def _in_scope(database: Database, viewer: Viewer, case: Case, today: date) -> bool:
    """Teams read no residents' letters; handlers those of their body in their units, officials those of their units."""
    if case.commune is None or viewer.role in ("team_leader", "team_member"):
        return False
    if viewer.role == "body_handler" and (viewer.body is None or viewer.body != case.body):
        return False
    with database.read() as connection:
        in_charge = TERRITORY.in_charge(connection, case.commune, today)
    return not in_charge.isdisjoint(str(unit) for unit in viewer.units)


def _handles(viewer: Viewer, case: Case) -> bool:
    """Name and number are for those who handle the case, not for all who may see it (domain E16)."""
    return viewer.role == "commune_official" or (viewer.role == "body_handler" and viewer.body == case.body)


def _seal(reply_to: str, body: Any, question: str, case: UUID) -> str:
    public_key = sealing.from_base64(reply_to)
    return sealing.to_base64(sealing.seal_to(public_key, orjson.dumps(body), reading_context(question, case)))


def _refused(code: str, message: str) -> dict[str, Any]:
    return {"refused": {"code": code, "message": message}}


def _bad_question(error: ValidationError) -> dict[str, Any]:
    fields = ", ".join(sorted({".".join(map(str, fault["loc"])) for fault in error.errors()}))
    return _refused("BAD_QUESTION", f"Câu hỏi thiếu hoặc sai ở: {fields}.")
