"""Who takes the journeys: an official at GraphQL, a resident at the public pages without a browser."""

import json
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from uuid import uuid4

import httpx2

from tests.journeys.systems import NO_TLS, eventually

SECONDS = 30.0
"""No request may take longer, on however busy a machine."""
ASKING: dict[str, Any] = {"timeout": SECONDS, "verify": NO_TLS}

OUTCOME = "{ accepted id token code message field }"
PASSING = frozenset({"NOT_YET_APPLIED", "SERVICE_UNAVAILABLE"})
NOT_HEARD_OF_YET = frozenset({"UNKNOWN_HAMLET", "UNKNOWN_TEAM"})
"""Refused in passing: one service has not heard yet of what another was told a moment ago."""
WHOLE_VISITS = frozenset({"recordVisit", "correctVisit"})
"""Their command id stands in the visit."""


class Word(str):
    """A GraphQL enum value, written without quotation marks."""

    __slots__ = ()


@dataclass(frozen=True)
class Official:
    """Somebody with a bearer token (or, with none, anybody)."""

    url: str
    token: str = ""

    def answer(self, document: str, after: str = "", **variables: Any) -> dict[str, Any]:
        """The whole GraphQL answer. Asks again, as the answer itself advises, when it came too early."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if after:
            headers["X-Causo-After"] = after
        body = {"query": document, "variables": variables}

        def ask() -> Any:
            found = httpx2.post(f"{self.url}/graphql", json=body, headers=headers, **ASKING).json()
            early = any(error["extensions"]["code"] in PASSING for error in found.get("errors", []))
            return None if early else found

        answer: dict[str, Any] = eventually(ask, "an answer")
        return answer

    def data(self, document: str, after: str = "", **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = self.answer(document, after, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def codes(self, document: str, **variables: Any) -> list[str]:
        """The stable codes of the errors."""
        errors = self.answer(document, **variables).get("errors", [])
        return [error["extensions"]["code"] for error in errors]

    def tell(self, command: str, after: str = "", **arguments: Any) -> dict[str, Any]:
        """One mutation, with a command id of its own; its outcome."""
        if command not in WHOLE_VISITS:
            arguments = {"commandId": str(uuid4()), **arguments}
        given = ", ".join(f"{name}: {literal(value)}" for name, value in arguments.items())
        told = self.data(f"mutation {{ {command}({given}) {OUTCOME} }}", after)
        outcome: dict[str, Any] = told[command]
        return outcome

    def done(self, command: str, after: str = "", **arguments: Any) -> dict[str, Any]:
        """One mutation that is accepted, if need be once its service has heard of what it is about."""
        arguments = {"commandId": str(uuid4()), **arguments} if command not in WHOLE_VISITS else arguments

        def told() -> dict[str, Any] | None:
            outcome = self.tell(command, after, **arguments)
            assert outcome["accepted"] or outcome["code"] in NOT_HEARD_OF_YET, outcome
            return outcome if outcome["accepted"] else None

        return eventually(told, f"{command} is accepted") or {}

    def read_case(self, case: str) -> dict[str, Any]:
        """What `readCase` shows."""
        fields = "accepted text language answer contactName contactPhone code message"
        found: dict[str, Any] = self.data(
            f"mutation {{ readCase(case: {literal(case)}, purpose: HANDLE_CASE) {{ {fields} }} }}"
        )["readCase"]
        return found


def literal(value: Any) -> str:
    """A value as GraphQL writes it."""
    match value:
        case Word():
            return value
        case dict():
            return "{" + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(literal, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _letters() -> str:
    """Letters only: what looks like somebody's number would be masked before it is sealed."""
    return uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))


@dataclass(frozen=True)
class Slip:
    """What the resident takes home."""

    code: str
    pin: str


@dataclass
class Resident:
    """Fills in the form as a browser without scripts sends it, with words nobody else writes."""

    url: str
    told: str = field(default_factory=lambda: f"chuyen-{_letters()}")
    name: str = field(default_factory=lambda: f"Nguoi-{_letters()}")
    phone: str = field(default_factory=lambda: f"09{uuid4().int % 10**9:09d}")
    seconds: float = 0.0
    """How long the last submission took to be answered."""

    def report(self, place: str, chosen: str, *, call: bool = True) -> Slip:
        """Look for the place, choose it, send; the slip."""
        fields = {"token": self._token(), "place": place, "searched": "", "press": "find"}
        page = httpx2.post(f"{self.url}/phan-anh", data=fields, **ASKING).text
        found = re.findall(r'name="commune"[^>]*value="([^"]+)"[^>]*><span>([^<\n]+)', page)
        unit = next(unit for unit, label in found if unescape(label).startswith(chosen))
        fields |= {"searched": place, "commune": unit, "tile": "vneid", "kind_vneid": "ACC_FACE", "app": "VNEID_L2"}
        fields |= {"text": self.told, "call": "no", "language": "vi", "website": "", "press": "send"}
        if call:
            fields |= {"call": "yes", "phone": self.phone, "name": self.name, "consent": "yes"}
        return self.send(fields)

    def send(self, fields: dict[str, str]) -> Slip:
        """Send a filled-in form."""
        answer = httpx2.post(f"{self.url}/phan-anh", data=fields, **ASKING)
        self.seconds = answer.elapsed.total_seconds()
        assert answer.status_code == 200, answer.text
        code, pin = re.findall(r'<p class="code">([\d ]+)</p>', answer.text)
        return Slip(code, pin)

    def look(self, slip: Slip) -> httpx2.Response:
        """The answer of the status page."""
        return httpx2.post(f"{self.url}/tra-cuu", data={"code": slip.code, "pin": slip.pin}, **ASKING)

    def _token(self) -> str:
        page = httpx2.get(f"{self.url}/phan-anh", **ASKING).text
        found = re.search(r'name="token" value="([^"]+)"', page)
        assert found is not None
        return found[1]
