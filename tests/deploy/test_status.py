"""What an operator is shown: also what lies where nobody looks."""

from pathlib import Path

import amqp
from typer.testing import CliRunner

from deploy import system
from deploy.cli import app
from services.kernel.messaging.connection import connect
from services.kernel.messaging.topology import SubscriptionQueue, declare_dead_calls, declare_subscription
from services.kernel.settings import Settings


def test_dead_letters_are_counted_by_queue_and_need_a_person(amqp_url: str, tmp_path: Path) -> None:
    for name, consumer in system.consumers().items():
        database = system.open_database(Settings(var_dir=tmp_path), name)
        system.prepare_database(consumer, database)
        database.close()
    environment = {"CAUSO_VAR_DIR": str(tmp_path), "CAUSO_AMQP_URL": amqp_url, "COLUMNS": "200"}
    connection = connect(amqp_url, "test")
    queue = SubscriptionQueue("gateway", "units", "registry")
    declare_subscription(connection, queue)
    declare_dead_calls(connection, "visits")
    calm = CliRunner().invoke(app, ["status"], env=environment)
    assert (calm.exit_code, "dead letters" in calm.stdout) == (0, False)

    channel = connection.channel()
    channel.confirm_select()
    for _ in range(2):
        channel.basic_publish_confirm(amqp.Message("{"), "", queue.dead)
    connection.close()

    alarmed = CliRunner().invoke(app, ["status"], env=environment)
    assert alarmed.exit_code == 1
    assert f"dead letters in {queue.dead}: 2" in alarmed.stdout
    assert "rpc-visits.dead" not in alarmed.stdout
