"""The compose file says what the code knows: every role is there, hardened, and gets only its own secrets."""

import re
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from deploy import system, topology
from deploy.environment import BadEnvironment, read_settings
from deploy.local.postgres import PostgresServer
from gateway.app import create_app
from gateway.parts import GatewayParts
from services.kernel.runtime import ServiceRuntime
from services.kernel.sealing import KeyMissing
from tests.gateway.asking import NoServices

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVERS = {"postgres", "rabbitmq"}
PRIVATE_KEYS = {
    "feedback": {"master_key", "intake_private_key"},
    "registry": {"people_master_key", "people_private_key"},
}
"""Held by these edges, and by nobody else."""


def _sources(service: dict[str, Any]) -> set[str]:
    return {secret if isinstance(secret, str) else secret["source"] for secret in service.get("secrets", [])}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Secrets as `generate.sh` makes them."""
    folder = tmp_path_factory.mktemp("secrets")
    script = ROOT / "deploy" / "secrets" / "generate.sh"
    environment = {"CAUSO_SECRETS_DIR": str(folder), "PATH": "/usr/bin:/bin", "PYTHON": ".venv/bin/python"}
    subprocess.run(["sh", str(script)], check=True, env=environment, capture_output=True)
    return folder


class Container:
    """What a role sees of its container: its variables, its secrets as files, its volumes as folders."""

    def __init__(self, name: str, generated: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service = SERVICES[name]
        self.secrets = home / "secrets"
        self.secrets.mkdir()
        for secret in self.service["secrets"]:
            (self.secrets / secret["target"]).write_bytes((generated / secret["source"]).read_bytes())
        monkeypatch.setenv("CAUSO_SECRETS_DIR", str(self.secrets))
        for variable, value in self.service["environment"].items():
            monkeypatch.setenv(variable, re.sub(r"\$\{\w+:-(.*)\}", r"\1", self._mounted(value, home)))

    def _mounted(self, value: str, home: Path) -> str:
        for volume in self.service.get("volumes", []):
            name, target = volume.split(":")
            value = value.replace(target, str(home / name))
        return value

    def start(self) -> None:
        """What the role does before it asks a server."""
        settings = read_settings()
        assert settings.database_url
        assert settings.amqp_url
        match self.service["command"]:
            case ["service", name]:
                database = system.open_database(settings, name)
                ServiceRuntime(system.definition(name), database, settings).definition.check()
            case ["gateway"]:
                create_app(GatewayParts(settings, system.open_database(settings, system.GATEWAY), NoServices()))
            case [_, name]:
                assert system.open_database(settings, name).url.database == name
            case other:
                raise AssertionError(f"no role starts with {other}")


def test_every_role_of_the_topology_is_a_container_with_the_same_command() -> None:
    wanted = {role.name: list(role.arguments) for role in topology.roles()}
    wanted |= {f"migrate-{name}": ["migrate", name] for name in system.consumers()}
    assert {name: one["command"] for name, one in SERVICES.items() if name not in SERVERS} == wanted


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_is_hardened_and_may_be_scaled(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["user"] not in ("0", "0:0", "root")
    assert service["restart"] in ("unless-stopped", "on-failure:5")
    assert "container_name" not in service
    assert ("ports" in service) == (name == "gateway")
    assert service["healthcheck"] if name.startswith("migrate-") else "test" in service["healthcheck"]


def test_each_role_gets_the_secrets_of_its_own_database_only() -> None:
    for name, service in SERVICES.items():
        owner = name.removeprefix("migrate-").split("-")[0]
        urls = {secret for secret in _sources(service) if secret.endswith("_database_url")}
        assert urls == (set() if name in SERVERS else {f"{owner}_database_url"}), name
        private = _sources(service) & set().union(*PRIVATE_KEYS.values())
        assert private == PRIVATE_KEYS.get(name, set()), name


@pytest.mark.parametrize("name", sorted(set(SERVICES) - SERVERS))
def test_each_role_starts_with_its_secrets_and_not_without_any_of_them(
    name: str, generated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = Container(name, generated, tmp_path, monkeypatch)
    container.start()
    for secret in container.secrets.iterdir():
        kept = secret.read_bytes()
        secret.unlink()
        with pytest.raises((BadEnvironment, KeyMissing), match=f"{secret.name.upper()} is required in production mode"):
            container.start()
        secret.write_bytes(kept)


@pytest.mark.parametrize("service", PRIVATE_KEYS)
def test_erasures_are_remembered_on_a_volume_of_their_own_and_only_by_the_edge(service: str) -> None:
    edge = SERVICES[service]
    (name, target) = edge["volumes"][0].split(":")
    assert Path(edge["environment"]["CAUSO_ERASURE_JOURNAL"]).parent == Path(target)
    assert name in COMPOSE["volumes"]
    mounted = {who: [v.split(":")[0] for v in one.get("volumes", [])] for who, one in SERVICES.items()}
    assert [who for who, volumes in mounted.items() if name in volumes] == [service]
    image = (ROOT / "deploy" / "Dockerfile").read_text()
    assert re.search(rf"install -d -o causo -g causo -m 0700 {target}\n", image), "a volume of root's takes nothing"


def test_the_script_makes_every_secret_once(generated: Path) -> None:
    made = {file.name: file.read_bytes() for file in generated.iterdir()}
    assert set(COMPOSE["secrets"]) <= set(made)
    assert generated.stat().st_mode & 0o077 == 0
    subprocess.run(
        ["sh", str(ROOT / "deploy/secrets/generate.sh")],
        check=True,
        env={"CAUSO_SECRETS_DIR": str(generated), "PATH": "/usr/bin:/bin", "PYTHON": ".venv/bin/python"},
    )
    assert {file.name: file.read_bytes() for file in generated.iterdir()} == made


def test_each_database_role_enters_its_own_database_and_no_other(own_postgres: PostgresServer, generated: Path) -> None:
    environment = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(own_postgres.port),
        "PGPASSWORD": own_postgres.password,
        "PATH": "/usr/bin:/bin",
        "CAUSO_SECRETS_DIR": str(generated),
    }
    subprocess.run(["bash", str(ROOT / "deploy/postgres/databases.sh")], check=True, env=environment)

    def enter(role: str, database: str) -> None:
        password = (generated / f"{role}_database_password").read_text().strip()
        where = f"host=127.0.0.1 port={own_postgres.port} dbname={database}"
        with psycopg.connect(where, user=role, password=password) as connection:
            connection.execute("CREATE TABLE mine (n int)")

    for role in ("registry", "gateway"):
        enter(role, role)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        enter("visits", "feedback")


def test_postgres_accepts_the_settings_of_the_deployment(own_postgres: PostgresServer) -> None:
    own_postgres.stop()
    own_postgres.settings = {
        "config_file": str(ROOT / "deploy/postgres/postgresql.conf"),
        "hba_file": _hba(own_postgres),
    }
    own_postgres.start()
    with own_postgres.connect() as connection:
        assert connection.execute("SHOW log_parameter_max_length").fetchone() == ("0",)


def _hba(server: PostgresServer) -> str:
    return str(server.home / "postgres" / "pg_hba.conf")
