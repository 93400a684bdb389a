"""Members' names and numbers: kept sealed, read in scope, erased for good; no event, command or log tells them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import event, select

from services.kernel import sealing, store
from services.kernel.bus import Answer
from services.kernel.database import Database
from services.kernel.identifiers import derived_id, new_id
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.kernel.testing import given
from services.kernel.vault import Keys, Vault
from services.registry.contact import (
    CONTACT,
    EraseMemberContact,
    KeepMemberContact,
    MemberContactErased,
    MemberContactKept,
    MemberContactViewed,
    ViewMemberContact,
)
from services.registry.contact_letters import contact_context
from services.registry.contact_questions import reading_context
from services.registry.examples import EXAMPLES
from services.registry.service import define
from services.registry.unit import unit_id
from services.registry.vault import TABLES
from tests.registry.conftest import NOON

(KEPT,) = (event for event in EXAMPLES if isinstance(event, MemberContactKept))
(ERASED,) = (event for event in EXAMPLES if isinstance(event, MemberContactErased))
(VIEWED,) = (event for event in EXAMPLES if isinstance(event, MemberContactViewed))
PROVINCE = unit_id("current", "province", "96")
HERE = unit_id("current", "commune", "31843")
THERE = unit_id("current", "commune", "31849")
TEAM, MEMBER = derived_id("test", "team"), derived_id("test", "member")
NAME, PHONE = "Nguyễn Thị Canary", "0912345678"


def envelope() -> dict[str, Any]:
    return {"command_id": str(new_id()), "actor": "official", "at": NOON.isoformat()}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys((sealing.new_key(),), (sealing.new_private_key(),), tmp_path / "registry-erasures.journal")


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(
    request: pytest.FixtureRequest, prepared: Callable[[str, str], str], keys: Keys
) -> Iterator[ServiceRuntime]:
    """A registry with keys of its own, two communes, a team of the first and one member in it."""
    database, definition = Database(prepared(request.param, "registry")), define(lambda: keys)
    runtime = ServiceRuntime(definition, database, Settings(), clock=lambda: NOON)
    unit = {"regime": "current", "kind": "Xã", "valid_from": "2025-07-01", "lat": 9.5, "lon": 105.4}
    team = {"team": str(TEAM), "commune": str(HERE), "name": "Tổ", "level": "commune"}
    member = {"team": str(TEAM), "member": str(MEMBER), "role": "leader", "organisation": "Xã đoàn"}
    commands: list[tuple[str, dict[str, Any]]] = [
        ("register_unit", {**unit, "code": "96", "name": "Tỉnh Cà Mau", "level": "province"}),
        ("register_unit", {**unit, "code": "31843", "name": "Xã Một", "level": "commune", "parent": str(PROVINCE)}),
        ("register_unit", {**unit, "code": "31849", "name": "Xã Hai", "level": "commune", "parent": str(PROVINCE)}),
        ("establish_team", {**team, "decision_no": "1/QĐ", "decision_date": "2026-01-02"}),
        ("appoint_member", {**member, "appointed_on": "2026-01-02"}),
    ]
    for name, told in commands:
        assert runtime.execute(name, {**told, **envelope()}).accepted
    yield runtime
    runtime.processor.let_go()
    database.close()


def keep(registry: ServiceRuntime, keys: Keys, member: UUID = MEMBER, **told: Any) -> Answer:
    return registry.execute("keep_member_contact", keeping(keys, member, **told))


def keeping(keys: Keys, member: UUID = MEMBER, **told: Any) -> dict[str, Any]:
    sealed_for, team = told.pop("sealed_for", member), told.pop("team", TEAM)
    letter = {"full_name": NAME, "phone": PHONE, "notice": "2026-11", "informed_at": NOON.isoformat(), **told}
    public = sealing.public_half(keys.private[0])
    closed = sealing.seal_to(public, orjson.dumps(letter), contact_context(sealed_for))
    return {"team": str(team), "member": str(member), "letter": sealing.to_base64(closed), **envelope()}


def read(registry: ServiceRuntime, role: str = "commune_official", unit: UUID = HERE, team: UUID = TEAM) -> Any:
    key = sealing.new_private_key()
    asked = {
        "team": str(team),
        "members": [str(MEMBER)],
        "viewer": {"sub": "official-1", "role": role, "units": [str(unit)]},
        "purpose": "call",
        "reply_to": sealing.to_base64(sealing.public_half(key)),
    }
    reply = registry.ask("read_member_contacts", asked)
    if "refused" in reply:
        return reply["refused"]["code"]
    context = reading_context("read_member_contacts", team)
    opened = orjson.loads(sealing.open_sealed([key], sealing.from_base64(reply["sealed"]), context))
    return opened.get(str(MEMBER))


def published(registry: ServiceRuntime) -> Any:
    key = sealing.new_private_key()
    asked = {"team": str(TEAM), "member": str(MEMBER), "reply_to": sealing.to_base64(sealing.public_half(key))}
    reply = registry.ask("published_contact", asked)
    context = reading_context("published_contact", TEAM)
    return orjson.loads(sealing.open_sealed([key], sealing.from_base64(reply["sealed"]), context))


def stored(registry: ServiceRuntime) -> str:
    with registry.database.read() as connection:
        rows = [connection.execute(select(table)).all() for table in (store.events, store.commands)]
    return "\n".join(str(row) for found in rows for row in found)


def names(registry: ServiceRuntime) -> list[str]:
    with registry.database.read() as connection:
        found = connection.exec_driver_sql("SELECT name FROM events ORDER BY ordinal").scalars().all()
    return [name for name in found if name.startswith("member_contact")]


def test_many_letters_are_kept_with_a_flush_or_two_and_one_that_does_not_open_harms_nobody(
    registry: ServiceRuntime, keys: Keys
) -> None:
    others = [derived_id("test", "member", number) for number in range(12)]
    who = {"team": str(TEAM), "role": "member", "organisation": "Xã đoàn", "appointed_on": "2026-01-02"}
    registry.execute_many([("appoint_member", {**who, "member": str(one), **envelope()}) for one in others])
    flushed: list[object] = []
    event.listen(registry.database.engine, "commit", flushed.append)
    commands = [("keep_member_contact", keeping(keys, one)) for one in others[:6]]
    assert {answer.code for answer in registry.execute_many(commands)} == {""}
    assert len(flushed) < 6
    broken = ("keep_member_contact", keeping(keys, others[6], sealed_for=MEMBER))
    commands = [broken, *(("keep_member_contact", keeping(keys, one)) for one in others[7:])]
    assert [answer.accepted for answer in registry.execute_many(commands)] == [False, True, True, True, True, True]
    with registry.database.read() as connection:
        assert len(connection.execute(select(TABLES.letters)).all()) == 11


def test_name_and_number_are_read_by_the_team_s_own_commune_the_name_above_it_and_nothing_elsewhere(
    registry: ServiceRuntime, keys: Keys
) -> None:
    assert keep(registry, keys).accepted
    assert read(registry) == {"full_name": NAME, "phone": PHONE, "publish_name": False, "publish_phone": False}
    above = read(registry, "province_official", PROVINCE)
    assert (above["full_name"], "phone" in above) == (NAME, False)
    assert read(registry, unit=THERE) == "NOT_IN_SCOPE"
    assert read(registry, "province_official", THERE) == "NOT_IN_SCOPE"
    for role in ("team_leader", "team_member", "body_handler"):
        assert read(registry, role) == "NOT_IN_SCOPE"
    assert names(registry) == ["member_contact.kept", "member_contact.viewed", "member_contact.viewed"]


def test_no_event_command_or_log_tells_who_it_is(
    registry: ServiceRuntime, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keep(registry, keys).accepted
    assert keep(registry, keys, phone="12 canary").code == "LETTER_UNREADABLE"
    assert keep(registry, keys, sealed_for=new_id()).code == "LETTER_UNREADABLE"
    read(registry)
    assert registry.execute("erase_member_contact", {"member": str(MEMBER), "team": str(TEAM), **envelope()}).accepted
    captured = capsys.readouterr()
    everything = stored(registry) + captured.out + captured.err
    assert "contact_malformed" in everything and "contact_unreadable" in everything
    for secret in ("Canary", "canary", "Nguyễn", PHONE, "12 canary"):
        assert secret not in everything


def test_told_again_just_so_nothing_changes_and_told_otherwise_it_is_corrected(
    registry: ServiceRuntime, keys: Keys
) -> None:
    assert keep(registry, keys).accepted
    later = (NOON + timedelta(days=1)).isoformat()
    assert keep(registry, keys, informed_at=later).accepted
    assert names(registry) == ["member_contact.kept"]
    assert keep(registry, keys, phone="0987654321").accepted
    assert read(registry)["phone"] == "0987654321"
    assert keep(registry, keys, phone="").accepted
    assert read(registry)["phone"] == ""
    with registry.database.read() as connection:
        letters = connection.execute(select(TABLES.letters)).all()
    assert len(letters) == 2, "what counts and, until the next correction, what it superseded"


def test_what_a_refused_command_brought_is_not_kept(registry: ServiceRuntime, keys: Keys) -> None:
    assert keep(registry, keys, member=derived_id("test", "stranger")).code == "MEMBER_UNKNOWN"
    with registry.database.read() as connection:
        assert connection.execute(select(TABLES.letters)).all() == []


def test_residents_see_only_what_the_member_agreed_to_and_only_while_they_serve(
    registry: ServiceRuntime, keys: Keys
) -> None:
    assert keep(registry, keys).accepted
    assert published(registry) == {}
    assert keep(registry, keys, publish_name=True).accepted
    assert published(registry) == {"full_name": NAME}
    assert keep(registry, keys, publish_name=True, publish_phone=True).accepted
    assert published(registry) == {"full_name": NAME, "phone": PHONE}
    gone = {"team": str(TEAM), "member": str(MEMBER), "stood_down_on": "2026-02-01", **envelope()}
    assert registry.execute("stand_down_member", gone).accepted
    assert published(registry) == {}
    assert read(registry) is None


def test_after_an_erasure_nothing_opens_any_more_and_who_comes_back_is_kept_anew(
    registry: ServiceRuntime, keys: Keys
) -> None:
    assert keep(registry, keys).accepted
    with registry.database.read() as connection:
        before = {t: [row._asdict() for row in connection.execute(select(t))] for t in TABLES.metadata.sorted_tables}
    assert registry.execute("erase_member_contact", {"member": str(MEMBER), "team": str(TEAM), **envelope()}).accepted
    assert registry.execute("erase_member_contact", {"member": str(MEMBER), "team": str(TEAM), **envelope()}).accepted
    assert names(registry) == ["member_contact.kept", "member_contact.erased"], "twice erased is erased once"
    assert read(registry) is None
    with registry.database.write() as connection:
        for table, rows in before.items():
            connection.execute(table.delete())
            connection.execute(table.insert(), rows)
    owner = before[TABLES.persons][0]["person"]
    (field,) = (row["field"] for row in before[TABLES.letters])
    assert Vault(registry.database, keys, TABLES).read(UUID(owner), [field]) == {}, "an older copy brings nobody back"
    assert keep(registry, keys).accepted
    assert read(registry)["full_name"] == NAME


def test_what_is_kept_and_erased_in_one_breath_is_erased_only_once_its_key_is_gone(
    registry: ServiceRuntime, keys: Keys
) -> None:
    erasing = {"member": str(MEMBER), "team": str(TEAM), "destroyed": 0}
    kept, erased = registry.processor.execute_many(
        [
            KeepMemberContact.model_validate(keeping(keys)),
            EraseMemberContact.model_validate({**erasing, **envelope()}),
        ]
    )
    assert kept.accepted
    assert (erased.accepted, erased.code) == (False, "CONTACT_CHANGED"), "what still opens is not called erased"
    with registry.database.read() as connection:
        (person,) = connection.execute(select(TABLES.persons.c.person)).scalars()
        (field,) = connection.execute(select(TABLES.letters.c.field)).scalars()
    for _ in range(2):
        assert registry.execute("erase_member_contact", {**erasing, **envelope()}).accepted
        assert Vault(registry.database, keys, TABLES).read(UUID(person), [field]) == {}
    assert names(registry) == ["member_contact.kept", "member_contact.erased"]
    assert keep(registry, keys).accepted
    assert read(registry)["full_name"] == NAME
    again, gone = registry.processor.execute_many(
        [
            KeepMemberContact.model_validate(keeping(keys, phone="0987654321")),
            EraseMemberContact.model_validate({**erasing, **envelope()}),
        ]
    )
    assert again.accepted and gone.accepted, "the key it was corrected under is the key that was destroyed"
    assert read(registry) is None


def test_an_erasure_sent_again_leaves_who_came_back_alone(registry: ServiceRuntime, keys: Keys) -> None:
    assert keep(registry, keys).accepted
    erasing = {"member": str(MEMBER), "team": str(TEAM), **envelope(), "command_id": str(new_id())}
    first = registry.execute("erase_member_contact", erasing)
    assert first.accepted
    assert keep(registry, keys).accepted
    assert registry.execute("erase_member_contact", erasing) == first
    assert read(registry)["full_name"] == NAME


def test_nobody_who_serves_is_erased_for_having_left(registry: ServiceRuntime, keys: Keys) -> None:
    assert keep(registry, keys).accepted
    left = {"member": str(MEMBER), "reason": "left", "teams": [str(TEAM)]}
    assert registry.execute("erase_member_contact", {**left, **envelope()}).code == "STILL_SERVING"
    assert read(registry)["full_name"] == NAME
    gone = {"team": str(TEAM), "member": str(MEMBER), "stood_down_on": "2026-02-01", **envelope()}
    assert registry.execute("stand_down_member", gone).accepted
    assert registry.execute("erase_member_contact", {**left, **envelope()}).accepted
    assert names(registry)[-1] == "member_contact.erased"


def test_who_appoints_a_member_of_another_commune_gets_to_nothing_by_that(registry: ServiceRuntime, keys: Keys) -> None:
    assert keep(registry, keys).accepted
    theirs = derived_id("test", "their team")
    team = {"team": str(theirs), "commune": str(THERE), "name": "Tổ", "level": "commune"}
    member = {"team": str(theirs), "member": str(MEMBER), "role": "leader", "organisation": "x"}
    for name, told in (
        ("establish_team", {**team, "decision_no": "1/QĐ", "decision_date": "2026-01-02"}),
        ("appoint_member", {**member, "appointed_on": "2026-01-02"}),
    ):
        assert registry.execute(name, {**told, **envelope()}).accepted
    assert read(registry, unit=THERE, team=theirs) is None
    assert keep(registry, keys, team=theirs, phone="0987654321").code == "CONTACT_OF_OTHER_COMMUNE"
    for told in ({"team": str(theirs)}, {}):
        erased = registry.execute("erase_member_contact", {"member": str(MEMBER), **told, **envelope()})
        assert erased.code == "CONTACT_OF_OTHER_COMMUNE"
    assert read(registry)["phone"] == PHONE
    assert names(registry) == ["member_contact.kept", "member_contact.viewed"]


def became(registry: ServiceRuntime, on: str, *, part: bool, last_day: str | None = None) -> UUID:
    """The first commune went into the second; a team of the second with the same member in it."""
    theirs = derived_id("test", "their team")
    team = {"team": str(theirs), "commune": str(THERE), "name": "Tổ", "level": "commune"}
    member = {"team": str(theirs), "member": str(MEMBER), "role": "leader", "organisation": "x"}
    succession = {"unit": str(HERE), "successor": str(THERE), "part": part, "seat": not part, "on": on}
    commands: list[tuple[str, dict[str, Any]]] = [
        ("establish_team", {**team, "decision_no": "1/QĐ", "decision_date": "2026-01-02"}),
        ("appoint_member", {**member, "appointed_on": "2026-01-02"}),
        *([("end_unit", {"unit": str(HERE), "valid_to": last_day})] if last_day else []),
        ("succeed_unit", succession),
    ]
    for name, told in commands:
        answer = registry.execute(name, {**told, **envelope()})
        assert answer.accepted, answer
    return theirs


@pytest.mark.parametrize(
    ("part", "on", "last_day"),
    [
        (True, "2030-01-01", None),
        (True, "2026-03-01", None),
        (False, "2030-01-01", "2029-12-31"),
    ],
)
def test_who_gets_a_part_of_a_commune_or_will_get_all_of_it_gets_nobody_s_name(
    registry: ServiceRuntime, keys: Keys, part: bool, on: str, last_day: str | None
) -> None:
    assert keep(registry, keys).accepted
    theirs = became(registry, on, part=part, last_day=last_day)
    assert read(registry, unit=THERE) == "NOT_IN_SCOPE"
    assert read(registry, unit=THERE, team=theirs) is None
    assert keep(registry, keys, team=theirs, phone="0987654321").code == "CONTACT_OF_OTHER_COMMUNE"
    erased = registry.execute("erase_member_contact", {"member": str(MEMBER), "team": str(theirs), **envelope()})
    assert erased.code == "CONTACT_OF_OTHER_COMMUNE"
    assert read(registry)["phone"] == PHONE, "and the commune that keeps it still reads it"


def test_what_a_commune_kept_is_read_and_erased_by_the_one_it_went_into_as_a_whole(
    registry: ServiceRuntime, keys: Keys
) -> None:
    assert keep(registry, keys).accepted
    theirs = became(registry, "2026-03-01", part=False, last_day="2026-02-28")
    assert read(registry, unit=HERE) == "NOT_IN_SCOPE"
    assert read(registry, unit=THERE)["phone"] == PHONE
    assert read(registry, unit=THERE, team=theirs)["phone"] == PHONE
    erased = registry.execute("erase_member_contact", {"member": str(MEMBER), "team": str(theirs), **envelope()})
    assert erased.accepted
    assert names(registry)[-1] == "member_contact.erased"


def test_names_are_for_the_province_a_commune_lies_under_today(registry: ServiceRuntime, keys: Keys) -> None:
    assert keep(registry, keys).accepted
    other = unit_id("current", "province", "95")
    unit = {"regime": "current", "kind": "Tỉnh", "valid_from": "2025-07-01", "lat": 9.5, "lon": 105.4}
    told = {**unit, "code": "95", "name": "Tỉnh Khác", "level": "province"}
    assert registry.execute("register_unit", {**told, **envelope()}).accepted
    move = {"unit": str(HERE), "parent": str(other), "on": "2026-03-01"}
    assert registry.execute("transfer_unit", {**move, **envelope()}).accepted
    assert read(registry, "province_official", PROVINCE) == "NOT_IN_SCOPE"
    assert read(registry, "province_official", other)["full_name"] == NAME


def test_what_is_not_kept_is_neither_read_nor_erased() -> None:
    view = ViewMemberContact.model_validate({"actor": "a", "at": NOON, **VIEWED.model_dump()})
    given(CONTACT).when(view).refused("NO_CONTACT", field="member")
    given(CONTACT, KEPT).when(view).then(VIEWED)
    erase = EraseMemberContact(actor="a", at=NOON, member=KEPT.member, reason="left")
    given(CONTACT).when(erase).then()
    given(CONTACT, KEPT).when(erase).refused("CONTACT_CHANGED", field="member")
    erase = erase.model_copy(update={"destroyed": 0})
    given(CONTACT, KEPT).when(erase).then(ERASED.model_copy(update={"erased_on": NOON.date()}))


def test_a_question_that_is_none_is_refused_without_repeating_it(registry: ServiceRuntime) -> None:
    refused = registry.ask("read_member_contacts", {"team": NAME, "members": [NAME]})
    assert refused["refused"]["code"] == "BAD_QUESTION"
    assert NAME not in str(refused)
    assert registry.ask("published_contact", {})["refused"]["code"] == "BAD_QUESTION"
