"""Settings: a bad variable stops the start with its name and the rule, and never with its value."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.kernel.settings import Mode, Settings

SECRET = "hunter2-canary"


def test_without_any_variable_it_is_the_embedded_development_run() -> None:
    settings = Settings()
    assert settings.mode is Mode.DEVELOPMENT and settings.embedded
    assert (settings.host, settings.port, settings.var_dir) == ("127.0.0.1", 8000, Path("var"))


def test_variables_carry_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSO_PORT", "9000")
    monkeypatch.setenv("PORT", "9001")
    assert Settings().port == 9000


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("mode", SECRET, "'development' or 'production'"),
        ("port", "0", "greater than or equal to 1"),
        ("port", "65536", "less than or equal to 65535"),
        ("port", SECRET, "valid integer"),
        ("log_level", SECRET, "DEBUG|INFO|WARNING|ERROR"),
        ("trusted_proxies", "*", "must name the addresses of your own proxies"),
        ("trusted_proxies", "10.0.0.1, *", "must name the addresses of your own proxies"),
        ("rpc_timeout_seconds", "0", "greater than 0"),
        ("rpc_timeout_seconds", "61", "less than or equal to 60"),
        ("announce_seconds", "5.1", "less than or equal to 5"),
        ("announce_seconds", "-1", "greater than 0"),
        ("feed_max_age", SECRET, "match pattern"),
        ("feed_segment_bytes", "1", "greater than or equal to 1000000"),
        ("feed_segment_bytes", "500000001", "less than or equal to 500000000"),
    ],
)
def test_a_bad_variable_is_named_with_its_rule_and_without_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, rule: str
) -> None:
    monkeypatch.setenv(f"CAUSO_{variable.upper()}", value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    said = str(caught.value)
    assert variable in said.lower()
    assert rule in said
    assert SECRET not in said
    assert f"input_value={value!r}" not in said


PRODUCTION = {
    "CAUSO_MODE": "production",
    "CAUSO_DATABASE_URL": f"postgresql+psycopg://causo:{SECRET}@db/{{service}}",
    "CAUSO_AMQP_URL": f"amqp://causo:{SECRET}@broker:5672/causo",
}


def test_production_starts_with_secrets_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.mode is Mode.PRODUCTION and not settings.embedded


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("CAUSO_DATABASE_URL", None, "required"),
        ("CAUSO_AMQP_URL", None, "required"),
        ("CAUSO_AMQP_URL", "amqp://guest:guest@broker:5672//", "default password"),
        ("CAUSO_DATABASE_URL", "postgresql+psycopg://causo:postgres@db/{service}", "default password"),
    ],
)
def test_production_refuses_to_start_without_or_with_default_secrets(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str | None, rule: str
) -> None:
    for name, given in {**PRODUCTION, variable: value}.items():
        if given is not None:
            monkeypatch.setenv(name, given)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert variable in str(caught.value) and rule in str(caught.value)
    assert SECRET not in str(caught.value)


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN_KEY", "MASTER_KEY", "INTAKE_PRIVATE_KEY", "CODE_KEY"):
        monkeypatch.setenv(f"CAUSO_{name}", SECRET)
    assert SECRET not in repr(Settings())


def test_urls_with_passwords_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    assert SECRET not in repr(Settings())
