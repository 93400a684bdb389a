"""The command: bad input is one clear line, what runs can be looked after, an import says all that is wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy import status, system
from deploy.connecting import open_bus, open_events
from deploy.environment import BadEnvironment
from deploy.transfer import transfer
from deploy.up import run_topology
from services.kernel.settings import Settings
from tests.deploy import forked

ROOT = Path(__file__).parent.parent.parent
SECRET = "hunter2hunter2"
NOBODY = f"postgresql+psycopg://a:{SECRET}@127.0.0.1:1/{{service}}"
NO_BROKER = f"amqp://a:{SECRET}@127.0.0.1:1/"


def causo(*arguments: str, var: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `causo` in an environment with nothing else of ours in it, its code loaded already."""
    if arguments[0] == "service":  # whose process must load other things first
        return started(*arguments, var=var, **variables)
    return forked.run(arguments, _environment(var, variables), ROOT, timeout=60)


def started(*arguments: str, var: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The same from nothing, as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "deploy", *arguments],
        env=_environment(var, variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _environment(var: Path, variables: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CAUSO_")}
    return kept | {"CAUSO_VAR_DIR": str(var), "PYTHONUTF8": "1", "COLUMNS": "200", **variables}


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("CAUSO_PORT", SECRET, "should be a valid integer"),
        ("CAUSO_PORT", "70000", "should be less than or equal to 65535"),
        ("CAUSO_MODE", SECRET, "should be 'development' or 'production'"),
        ("CAUSO_DATABASE_URL", SECRET, "must look like postgresql+psycopg://user:password@host:5432/{service}"),
        ("CAUSO_DATABASE_URL", f"mysql://a:{SECRET}@h/x", "must look like postgresql+psycopg://"),
        ("CAUSO_AMQP_URL", f"http://a:{SECRET}@h/", "must look like amqp://user:password@host:5672/vhost"),
        ("CAUSO_SECRETS_DIR", "/nowhere", "must be a folder that exists"),
    ],
)
def test_a_bad_variable_is_named_with_its_rule_and_without_its_value(
    tmp_path: Path, variable: str, value: str, rule: str
) -> None:
    done = causo("status", var=tmp_path, **{variable: value})
    assert done.returncode == 2
    assert done.stderr.startswith(f"causo: {variable}: ")
    assert rule in done.stderr
    assert done.stderr.count("\n") == 1
    assert value not in done.stderr + done.stdout


def test_production_mode_brings_its_own_secrets_and_gives_no_tokens(tmp_path: Path) -> None:
    done = causo("token", "--role", "body_handler", var=tmp_path, CAUSO_MODE="production")
    assert done.returncode == 2
    assert "CAUSO_DATABASE_URL is required in production mode" in done.stderr
    done = causo("migrate", var=tmp_path, CAUSO_MODE="production", CAUSO_AMQP_URL="amqp://guest:guest@h/",
                 CAUSO_DATABASE_URL=NOBODY)  # fmt: skip
    assert "must not use a default password in production mode" in done.stderr


def test_secrets_come_from_files(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "causo_database_url").write_text(NOBODY + "\n")
    done = causo("migrate", "visits", var=tmp_path, CAUSO_SECRETS_DIR=str(secrets))
    assert done.returncode == 1
    assert "127.0.0.1" in done.stderr
    assert SECRET not in done.stderr


NOWHERE = Path("/dev/null/var")
ONE = Settings(database_url=NOBODY.replace("{service}", "causo"), amqp_url=None, var_dir=NOWHERE)


def test_one_database_for_all_services_is_refused_with_the_rule(tmp_path: Path) -> None:
    done = causo("migrate", var=tmp_path, CAUSO_DATABASE_URL=str(ONE.database_url))
    assert done.returncode == 2
    assert done.stderr.startswith("causo: CAUSO_DATABASE_URL: must have {service} in the place of the database's name")
    assert SECRET not in done.stderr + done.stdout


@pytest.mark.parametrize(
    "need",
    [
        lambda: run_topology(ONE),
        lambda: status.databases(ONE),
        lambda: ExitStack().enter_context(open_bus(ONE)),
        lambda: ExitStack().enter_context(open_events(ONE)),
        lambda: transfer(Settings(var_dir=NOWHERE), ONE),
        lambda: system.must_differ(Settings(database_url="postgresql+psycopg://{service}:x@h/causo")),
    ],
    ids=["up", "status, retry-parked", "import", "rebuild", "transfer", "another user only"],
)
def test_whatever_needs_several_databases_refuses_a_single_one(need: Callable[[], object]) -> None:
    with pytest.raises(BadEnvironment, match=r"CAUSO_DATABASE_URL: must have \{service\}"):
        need()


def test_the_edge_of_feedback_does_not_start_without_its_keys(tmp_path: Path) -> None:
    production = {"CAUSO_MODE": "production", "CAUSO_DATABASE_URL": NOBODY, "CAUSO_AMQP_URL": NO_BROKER}
    done = causo("service", "feedback", var=tmp_path, **production)
    assert done.returncode == 1
    assert "causo: CAUSO_MASTER_KEY is required in production mode" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        (["status"], {"CAUSO_DATABASE_URL": NOBODY}, "the database (CAUSO_DATABASE_URL) says: connection failed"),
        (["import"], {"CAUSO_AMQP_URL": NO_BROKER}, "the broker cannot be reached"),
        (["feed-refill", "registry"], {}, "CAUSO_AMQP_URL is required"),
        (["run"], {"CAUSO_AMQP_URL": NO_BROKER}, "are for `causo up`"),
        (["token", "--role", "province_official", "--unit", "96"], {}, "the map has not been imported yet"),
        (["token", "--role", "king"], {}, "ROLE must be one of: province_official"),
    ],
)
def test_trouble_outside_is_one_line_without_a_password(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], sentence: str
) -> None:
    done = causo(*arguments, var=tmp_path, **variables)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr + done.stdout


@pytest.mark.parametrize("arguments", [["relay", "nobody"], ["service", "gateway"], ["rebuild", "gateway.nothing"]])
def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path, arguments: list[str]) -> None:
    done = causo(*arguments, var=tmp_path)
    assert done.returncode == 2
    assert "must be one of" in done.stderr


def test_migrating_twice_changes_nothing_and_status_is_calm(tmp_path: Path) -> None:
    first, second = started("migrate", var=tmp_path), causo("migrate", var=tmp_path)
    assert first.returncode == second.returncode == 0
    assert first.stdout == second.stdout
    done = started("status", var=tmp_path)
    assert done.returncode == 0
    assert "gateway.units" in done.stdout


def test_an_import_with_bad_rows_names_them_all_and_imports_nothing(tmp_path: Path) -> None:
    units = tmp_path / "units.csv"
    text = (ROOT / "services/registry/data/admin-units.csv").read_text().splitlines()[:4]
    units.write_text("\n".join([*text, "legacy,,No Code,commune,Xã,001,,2025-06-30,,,", "legacy,1,x"]) + "\n")
    done = started("import", "--units", str(units), var=tmp_path)
    assert done.returncode == 1
    assert "nothing imported" in done.stderr
    assert "5" in done.stderr and "6" in done.stderr


def test_a_new_epoch_is_begun_only_when_asked(tmp_path: Path) -> None:
    started("migrate", "visits", var=tmp_path)
    before = causo("epoch", "visits", "--renew", var=tmp_path).stdout.splitlines()[-1]
    assert causo("epoch", "visits", var=tmp_path).stdout.strip() == before
    assert causo("epoch", "visits", "--renew", var=tmp_path).stdout.splitlines()[-1] != before


def test_down_without_anything_running_says_so(tmp_path: Path) -> None:
    assert started("down", var=tmp_path).stdout.strip() == "nothing was running"


def test_the_watchdog_starts_again_what_ended(tmp_path: Path) -> None:
    counter = tmp_path / "starts"
    script = (
        "import os, pathlib, signal\n"
        f"counter = pathlib.Path({json.dumps(str(counter))})\n"
        "counter.write_text(counter.read_text() + 'x' if counter.exists() else 'x')\n"
        "if len(counter.read_text()) == 2: os.kill(os.getppid(), signal.SIGTERM)\n"
    )
    started("watch", "--", sys.executable, "-c", script, var=tmp_path)
    assert counter.read_text() == "xx"
