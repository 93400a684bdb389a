"""A service running: its database, its command processor, and what its edge answers.

The same object stands behind the nameko entrypoints and behind the in-process bus; it is built in a composition root.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import structlog
from pydantic import ValidationError

from services.kernel import log as event_log
from services.kernel.bus import Answer, Payload, UnknownQuestion
from services.kernel.clock import Clock, system_clock
from services.kernel.database import Database
from services.kernel.definition import ServiceDefinition
from services.kernel.handling import CommandProcessor, may_pass
from services.kernel.message import Command
from services.kernel.settings import Settings
from services.kernel.store import Conflict

logger = structlog.get_logger(__name__)

MOST_AT_ONCE = 500


class ServiceRuntime:
    """One service in one process. Thread-safe."""

    def __init__(
        self,
        definition: ServiceDefinition,
        database: Database,
        settings: Settings,
        *,
        clock: Clock = system_clock,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        if definition.configured is not None:
            definition = definition.configured(settings)
        self.definition = definition
        self.database = database
        self.settings = settings
        self.clock = clock
        self.processor = CommandProcessor(database, definition, clock, committed)
        self._commands: dict[str, type[Command]] = {
            command.name: command for aggregate in definition.aggregates for command in aggregate.command_classes
        }

    def execute(self, command: str, payload: Payload) -> Answer:
        """Run one command given as name and JSON payload; a payload that does not fit is refused as `INVALID`."""
        return self.execute_many([(command, payload)])[0]

    def execute_many(self, commands: Sequence[tuple[str, Payload]]) -> list[Answer]:
        """Run commands in order, each on its own; the answers come in the same order."""
        if len(commands) > MOST_AT_ONCE:
            rule = f"Mỗi lần gửi tối đa {MOST_AT_ONCE} mục."
            refusal = Answer(False, code="TOO_MANY", message=rule, field="commands")
            return [refusal] * len(commands)
        parsed = [self._parse(name, payload) for name, payload in commands]
        ran = iter(self.processor.execute_each([command for command in parsed if isinstance(command, Command)]))
        outcomes = [next(ran) if isinstance(command, Command) else command for command in parsed]
        return [outcome if isinstance(outcome, Answer) else _failed(outcome) for outcome in outcomes]

    def rehearse(self, command: str, payload: Payload) -> Answer:
        """What `execute` would answer now; nothing is recorded."""
        parsed = self._parse(command, payload)
        return parsed if isinstance(parsed, Answer) else self.processor.rehearse(parsed)

    def ask(self, question: str, payload: Mapping[str, Any]) -> Any:
        """Answer a question of the definition with JSON. Raises `UnknownQuestion`."""
        answer = self.definition.questions.get(question)
        if answer is None:
            raise UnknownQuestion(f"{self.definition.name} answers no question {question!r}")
        return answer(self, payload)

    def head(self) -> dict[str, Any]:
        """Epoch and last position of this service's log, as JSON."""
        with self.database.read() as connection:
            return asdict(event_log.head(connection))

    def events_since(self, after: int, limit: int) -> list[dict[str, Any]]:
        """A page (≤ 1,000) of this service's log, as JSON; each event says in which epoch its position counts."""
        with self.database.read() as connection:
            page = event_log.page(connection, after, min(limit, 1000))
        return [asdict(recorded) | {"epoch": page.epoch} for recorded in page.events]

    def _parse(self, name: str, payload: Payload) -> Command | Answer:
        command_class = self._commands.get(name)
        if command_class is None:
            return Answer(False, code="UNKNOWN_COMMAND", message=f"Không có lệnh {name!r}.", field="command")
        try:
            return command_class.model_validate(payload)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            return Answer(False, code="INVALID", message=": ".join(filter(None, (field, _rule(first)))), field=field)


def _failed(error: BaseException) -> Answer:
    """A mistake of ours in one command costs its neighbours nothing; what may pass is raised, to be tried again."""
    if may_pass(error) or isinstance(error, Conflict) or not isinstance(error, Exception):
        raise error
    return Answer(False, code="INTERNAL", message="Lỗi nội bộ, lệnh này chưa được ghi. Xin báo người vận hành.")


_RULES = {
    "missing": "bắt buộc phải có",
    "extra_forbidden": "không có mục này",
    "uuid_parsing": "phải là mã UUID",
    "uuid_type": "phải là mã UUID",
    "string_type": "phải là chữ",
    "string_unicode": "phải là chữ Unicode đúng chuẩn",
    "int_type": "phải là số nguyên",
    "int_parsing": "phải là số nguyên",
    "int_parsing_size": "phải là số nguyên không quá lớn",
    "int_from_float": "phải là số nguyên",
    "float_type": "phải là số",
    "float_parsing": "phải là số",
    "finite_number": "phải là số hữu hạn",
    "bool_type": "phải là đúng hoặc sai",
    "bool_parsing": "phải là đúng hoặc sai",
    "tuple_type": "phải là danh sách",
    "model_type": "phải là các mục có tên",
    "model_attributes_type": "phải là các mục có tên",
    "date_from_datetime_inexact": "phải là ngày, dạng 2026-01-31",
    "date_from_datetime_parsing": "phải là ngày, dạng 2026-01-31",
    "date_parsing": "phải là ngày, dạng 2026-01-31",
    "date_type": "phải là ngày, dạng 2026-01-31",
    "timezone_aware": "phải có múi giờ",
    "datetime_type": "phải là thời điểm, dạng 2026-01-31T08:00:00+07:00",
    "datetime_parsing": "phải là thời điểm, dạng 2026-01-31T08:00:00+07:00",
    "datetime_from_date_parsing": "phải là thời điểm, dạng 2026-01-31T08:00:00+07:00",
}


_RULES_WITH_LIMIT = {
    "string_too_long": "dài nhất {max_length} ký tự",
    "string_too_short": "ít nhất {min_length} ký tự",
    "too_long": "nhiều nhất {max_length} mục",
    "too_short": "ít nhất {min_length} mục",
    "literal_error": "phải là một trong: {expected}",
    "enum": "phải là một trong: {expected}",
    "value_error": "{error}",
    "less_than_equal": "nhiều nhất là {le}",
    "greater_than_equal": "ít nhất là {ge}",
    "less_than": "phải nhỏ hơn {lt}",
    "greater_than": "phải lớn hơn {gt}",
    "string_pattern_mismatch": "phải đúng dạng {pattern}",
}


def _rule(fault: Mapping[str, Any]) -> str:
    """The rule a pydantic fault broke, in Vietnamese, never the value that broke it."""
    kind = fault["type"]
    if kind in _RULES_WITH_LIMIT:
        limits = dict(fault.get("ctx", {}))
        if "expected" in limits:  # pydantic joins the last two in English
            limits["expected"] = " hoặc ".join(limits["expected"].rsplit(" or ", 1))
        return _RULES_WITH_LIMIT[kind].format(**limits)
    return _RULES.get(kind, f"không hợp lệ ({kind})")
