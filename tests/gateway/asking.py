"""Asking the gateway over HTTP, as somebody."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.parts import GatewayParts
from gateway.tokens import issue
from gateway.viewer import Role
from services.kernel.bus import Answer, CommandBus, Payload
from services.kernel.database import Database
from services.kernel.settings import Settings

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@dataclass
class NoServices:
    """A bus nobody answers on: whoever sends anything fails the test."""

    async def execute(self, service: str, command: str, payload: Payload) -> Answer:
        raise AssertionError(f"{command} was sent")

    async def execute_many(self, service: str, commands: Any) -> list[Answer]:
        raise AssertionError("commands were sent")

    async def ask(self, service: str, question: str, payload: Payload) -> Any:
        raise AssertionError(f"{question} was asked")


class Gateway:
    """A gateway under test and who may ask it."""

    def __init__(self, database: Database, var: Path, bus: CommandBus | None = None) -> None:
        self.settings = Settings(var_dir=var)
        self.parts = GatewayParts(self.settings, database, bus or NoServices(), lambda: NOW)
        self.client = TestClient(create_app(self.parts), base_url="http://localhost")

    def token(
        self, role: Role, *held: UUID, body: str | None = None, served: tuple[UUID, ...] = (), life: float = 12
    ) -> str:
        return issue(
            self.settings, NOW, role, [str(u) for u in held], body=body, served=served, lifetime=timedelta(hours=life)
        )

    def ask(self, document: str, token: str | None = None, after: str = "", **variables: Any) -> dict[str, Any]:
        """The whole answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if after:
            headers["X-Causo-After"] = after
        answer = self.client.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
        found: dict[str, Any] = answer.json()
        return found

    def data(self, document: str, token: str | None = None, after: str = "", **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = self.ask(document, token, after, **variables)
        assert "errors" not in answer, answer["errors"]
        found: dict[str, Any] = answer["data"]
        return found

    def code(self, document: str, token: str | None = None, after: str = "", **variables: Any) -> str:
        """The code of the one error of an answer."""
        answer = self.ask(document, token, after, **variables)
        assert len(answer["errors"]) == 1, answer
        code: str = answer["errors"][0]["extensions"]["code"]
        return code
