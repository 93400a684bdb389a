"""Messaging groups through GraphQL: seen and linked by those who stand there; hamlets without one."""

from typing import Any

from tests.gateway.running import OUTCOME, Running

LINK = f"""mutation($p: GroupPlace!, $a: String!, $l: String!) {{ linkMessagingGroup(
    place: $p, about: $a, app: ZALO, link: $l, linkedOn: "2026-02-01") {OUTCOME} }}"""
READ = """query($p: GroupPlace!, $a: String!, $d: Date) { messagingGroups(place: $p, about: $a, asOf: $d) {
    id app link linkedOn } hamletsWithoutGroup(unit: "96", asOf: $d) { totalCount nodes { id } } }"""
ZALO = "https://zalo.me/g/abc123"


def read(running: Running, token: str, place: str, about: str, day: str | None = None) -> dict[str, Any]:
    running.settle()
    return running.gateway.data(READ, token, p=place, a=about, d=day)


def test_a_hamlet_s_group_is_linked_seen_and_unlinked(running: Running) -> None:
    hamlet, other = (running.hamlet(running.here, name=f"Ấp {n}")["id"] for n in (1, 2))
    running.settle()
    assert running.do(LINK, running.there, p="HAMLET", a=hamlet, l=ZALO)["code"] == "NOT_FOUND"
    group = running.do(LINK, running.here, p="HAMLET", a=hamlet, l=ZALO)
    assert group["accepted"], group
    found = read(running, running.here, "HAMLET", hamlet)
    assert found["messagingGroups"] == [{"id": group["id"], "app": "ZALO", "link": ZALO, "linkedOn": "2026-02-01"}]
    assert found["hamletsWithoutGroup"] == {"totalCount": 1, "nodes": [{"id": other}]}
    assert read(running, running.here, "HAMLET", hamlet, "2026-01-31")["hamletsWithoutGroup"]["totalCount"] == 2
    assert read(running, running.there, "HAMLET", hamlet)["messagingGroups"] == []
    gone = f'mutation($g: ID!) {{ unlinkMessagingGroup(group: $g, unlinkedOn: "2026-03-01") {OUTCOME} }}'
    assert running.do(gone, running.there, g=group["id"])["code"] == "NOT_FOUND"
    assert running.do(gone, running.here, g=group["id"])["accepted"]
    assert read(running, running.here, "HAMLET", hamlet)["messagingGroups"] == []
    assert len(read(running, running.here, "HAMLET", hamlet, "2026-02-28")["messagingGroups"]) == 1


def test_a_commune_s_group_is_linked_by_its_code_and_a_trap_is_not(running: Running) -> None:
    group = running.do(LINK, running.here, p="UNIT", a="31843", l=ZALO)
    assert group["accepted"], group
    assert len(read(running, running.here, "UNIT", "31843")["messagingGroups"]) == 1
    trap = running.do(LINK, running.here, p="UNIT", a="31843", l="https://zalo.me.evil.example/g/x")
    assert (trap["code"], trap["field"]) == ("LINK_STRANGE", "link")
