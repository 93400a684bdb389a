"""Whose fault an error is: the database's, which passes, or that of what was asked."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from services.kernel.database import Database, is_trouble


@pytest.mark.parametrize(
    ("state", "passes"),
    [
        ("08006", True),  # connection failure
        ("40001", True),  # serialization failure
        ("40P01", True),  # deadlock
        ("53100", True),  # disk full
        ("53300", True),  # too many connections
        ("55P03", True),  # lock not available
        ("57P01", True),  # admin shutdown
        ("58030", True),  # I/O error
        ("22001", False),  # string too long
        ("42703", False),  # undefined column
        ("42P01", False),  # undefined table
        ("54000", False),  # program limit exceeded
        ("55000", False),  # object not in prerequisite state
        ("57014", False),  # statement timeout
    ],
)
def test_on_postgresql_the_state_decides(state: str, passes: bool) -> None:
    error = psycopg.errors.lookup(state)()
    assert is_trouble(error) is passes
    assert is_trouble(OperationalError("SELECT", None, error)) is passes


def test_a_lost_connection_passes_and_a_mistaken_argument_does_not() -> None:
    assert is_trouble(psycopg.OperationalError("the connection is closed"))
    assert not is_trouble(psycopg.ProgrammingError("cannot adapt type"))


def test_a_statement_that_took_too_long_may_be_asked_again_by_whoever_wants_that() -> None:
    assert is_trouble(psycopg.errors.QueryCanceled(), timeouts=True)


def sqlite_error(statement: str, path: Path | str = ":memory:") -> sqlite3.Error:
    try:
        with closing(sqlite3.connect(path, timeout=0)) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS paper (line TEXT)")
            connection.execute("PRAGMA max_page_count = 3")
            connection.execute(statement)
    except sqlite3.Error as error:
        return error
    raise AssertionError("it worked")


@pytest.mark.parametrize("statement", ["SELECT ink FROM paper", "SELECT * FROM ink", "INSERT INTO paper VALUES (1, 2)"])
def test_on_sqlite_a_mistake_in_a_statement_is_no_trouble(statement: str) -> None:
    assert not is_trouble(sqlite_error(statement))


def test_on_sqlite_a_full_disk_a_lock_and_a_file_that_cannot_be_opened_pass(tmp_path: Path) -> None:
    assert is_trouble(sqlite_error("INSERT INTO paper VALUES (zeroblob(100000))"))
    holding = sqlite3.connect(tmp_path / "held.db", isolation_level=None)
    holding.execute("BEGIN EXCLUSIVE")
    assert is_trouble(sqlite_error("SELECT 1", tmp_path / "held.db"))
    holding.close()
    assert is_trouble(sqlite_error("SELECT 1", tmp_path))


def test_the_same_through_sqlalchemy(database: Database) -> None:
    with database.look() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("SELECT ink FROM cursors"))
    assert not is_trouble(caught.value)


def test_a_connection_in_use_when_the_database_is_closed_is_closed_when_it_is_given_back(database: Database) -> None:
    with database.look() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        database.close()
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    with pytest.raises((psycopg.OperationalError, sqlite3.ProgrammingError)):
        driver.cursor().execute("SELECT 1")
