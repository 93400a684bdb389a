"""The whole system in this process and a gateway before it: what is asked is done by the real services."""

from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

from deploy.embedded import Embedded
from gateway.viewer import Role
from services.kernel.clock import to_text
from services.kernel.settings import Settings
from services.registry.unit import unit_id
from tests.gateway.asking import NOW, Gateway

PROVINCE = unit_id("current", "province", "96")
HERE = unit_id("current", "commune", "31843")
THERE = unit_id("current", "commune", "31849")
OUTCOME = "{ accepted id token code message field }"


class Running:
    """The whole system in this process, and a gateway before it; `var` may be left by another one that was closed."""

    def __init__(self, var: Path) -> None:
        new = not (var / "registry.db").exists()
        self.embedded = Embedded(Settings(var_dir=var), clock=lambda: NOW)
        self.embedded.start()
        self.gateway = Gateway(self.embedded.databases["gateway"], var, self.embedded.bus)
        if new:
            self._found_the_map()
        self.province = self.gateway.token(Role.PROVINCE_OFFICIAL, PROVINCE)
        self.here = self.gateway.token(Role.COMMUNE_OFFICIAL, HERE)
        self.there = self.gateway.token(Role.COMMUNE_OFFICIAL, THERE)

    def _found_the_map(self) -> None:
        envelope = {"actor": "test", "at": to_text(NOW)}
        unit = {"regime": "current", "kind": "Xã", "valid_from": "2025-07-01", "lat": 9.5, "lon": 105.4, **envelope}
        units = [
            {**unit, "code": "96", "name": "Tỉnh Cà Mau", "level": "province", "kind": "Tỉnh"},
            {**unit, "code": "31843", "name": "Xã Hồng Dân", "level": "commune", "parent": str(PROVINCE)},
            {**unit, "code": "31849", "name": "Xã Ninh Quới", "level": "commune", "parent": str(PROVINCE)},
        ]
        known = {"regime": "current", "known_from": "2025-07-01", "source": "test", **envelope}
        commands: list[tuple[str, dict[str, Any]]] = [*(("register_unit", u) for u in units), ("declare_map", known)]
        assert all(a.accepted for a in self.embedded.runtimes["registry"].execute_many(commands))
        self.settle()

    def settle(self) -> None:
        """Until everybody has taken in everything."""
        pause = Event()
        while not self.embedded.settled():
            pause.wait(0.01)

    def do(self, mutation: str, token: str, after: str = "", **variables: Any) -> dict[str, Any]:
        """The one outcome of a mutation."""
        data = self.gateway.data(mutation, token, after, **variables)
        assert len(data) == 1
        outcome: dict[str, Any] = next(iter(data.values()))
        return outcome

    def hamlet(self, token: str, commune: UUID = HERE, name: str = "Ấp Nội Ô", **more: Any) -> dict[str, Any]:
        document = f"""mutation($c: String!, $n: String!, $k: ID) {{ registerHamlet(
            commune: $c, name: $n, kind: "Ấp", validFrom: "2025-07-01", commandId: $k) {OUTCOME} }}"""
        return self.do(document, token, c=str(commune), n=name, **more)

    def team(self, token: str, *hamlets: str, commune: UUID = HERE) -> dict[str, Any]:
        document = f"""mutation($c: String!, $h: [ID!]!) {{ establishTeam(commune: $c, name: "Tổ CNSCĐ ấp Nội Ô",
            hamlets: $h, decisionNo: "12/QĐ-UBND", decisionDate: "2025-08-01") {OUTCOME} }}"""
        return self.do(document, token, c=str(commune), h=list(hamlets))

    def founded(self) -> tuple[str, str, str]:
        """A hamlet with a team and a household."""
        hamlet = self.hamlet(self.here)["id"]
        team = self.team(self.here, hamlet)["id"]
        self.settle()
        document = f"mutation($h: ID!) {{ registerHousehold(hamlet: $h) {OUTCOME} }}"
        household = self.do(document, self.member(team), h=hamlet)
        assert household["accepted"], household
        self.settle()
        return hamlet, team, household["id"]

    def member(self, team: str) -> str:
        return self.gateway.token(Role.TEAM_MEMBER, HERE, served=(UUID(team),))

    def close(self) -> None:
        self.gateway.client.close()
        self.embedded.stop()
