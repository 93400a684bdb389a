"""The private servers hold what they promise: real durability, loopback only, kill and start again."""

import os
from pathlib import Path

import amqp
import psycopg
import pytest

from deploy.local import packages, processes
from deploy.local.errors import LocalServerError, NotInstalled
from deploy.local.homes import lasting_home, passing_home
from deploy.local.postgres import PostgresServer
from deploy.local.rabbitmq import RabbitServer
from services.kernel.messaging.connection import abandon


def test_a_server_is_durable(own_postgres: PostgresServer) -> None:
    with own_postgres.connect() as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_a_fresh_database_is_empty(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        assert connection.execute(tables).fetchone() == (0,)


def test_every_service_has_a_database_under_the_template(postgres_template: str) -> None:
    for service in ("registry", "visits", "reporting", "feedback", "gateway"):
        url = postgres_template.format(service=service).replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT current_database()").fetchone()
        assert row is not None and row[0].endswith(service)


def test_what_postgres_acknowledged_survives_a_kill(own_postgres: PostgresServer) -> None:
    with own_postgres.connect() as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    own_postgres.kill()
    own_postgres.start()
    with own_postgres.connect() as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_what_rabbitmq_confirmed_survives_a_kill(own_broker: RabbitServer) -> None:
    connection = own_broker.connect()
    channel = connection.channel()
    channel.queue_declare("kept", durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    own_broker.settle()
    channel.basic_publish_confirm(amqp.Message(b"7", delivery_mode=2), routing_key="kept")
    own_broker.kill()
    abandon(connection)
    own_broker.start()
    with own_broker.connect() as again:
        message = again.channel().basic_get("kept", no_ack=True)
    assert message is not None and message.body == b"7"


def test_each_vhost_is_its_own_world(amqp_server: RabbitServer, amqp_url: str, vhosts: object) -> None:
    assert amqp_url.startswith(f"amqp://guest:guest@127.0.0.1:{amqp_server.port}/test-")
    assert amqp_server.rabbitmqctl("list_queues", "-p", amqp_url.rsplit("/", 1)[1]).strip() == ""


def test_the_servers_listen_on_loopback_only(amqp_server: RabbitServer, postgres_server: str) -> None:
    ours = {amqp_server.port, amqp_server.epmd_port, amqp_server.distribution_port}
    listening = {
        int(local.rpartition(":")[2], 16): local.rpartition(":")[0]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        for local, state in [(line.split()[1], line.split()[3])]
        if state == "0A"
    }
    loopback = "0100007F"
    assert {port: listening.get(port) for port in ours} == dict.fromkeys(ours, loopback)


def test_a_missing_program_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NotInstalled, match="sudo apt-get install --no-install-recommends rabbitmq-server"):
        packages.install("rabbitmq-server")


def test_a_server_that_ends_at_once_shows_the_end_of_its_log(own_postgres: PostgresServer) -> None:
    own_postgres.stop()
    own_postgres.settings = {"max_connections": "none"}
    with pytest.raises(LocalServerError, match="max_connections"):
        own_postgres.start()


def test_a_passing_home_goes_and_its_logs_stay(tmp_path: Path) -> None:
    with passing_home(keep_logs_in=tmp_path) as home:
        (home / "server.log").write_text("it ran")
    assert not home.exists()
    assert (tmp_path / "server.log").read_text() == "it ran"


def test_the_lasting_home_can_be_entered_by_the_servers_user(tmp_path: Path) -> None:
    assert processes.own_directory(lasting_home(tmp_path) / "postgres", "postgres").is_dir()


def test_a_free_port_is_below_the_outgoing_range() -> None:
    assert 15_000 <= processes.free_port() < 33_000
