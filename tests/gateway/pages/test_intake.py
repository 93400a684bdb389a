"""The intake: durable before the code is shown, forwarded until it is in, and never legible."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from gateway.forwarding import Forwarder
from gateway.intake import Contact, Receipt, Submission, forward_pending, intake, public_key_from, tracker_from
from gateway.throttle import Throttle
from gateway.tracking import Tracker, Tracking
from services.feedback.questions import load_case
from services.kernel import sealing, store
from services.kernel.identifiers import new_id
from services.kernel.settings import Mode, Settings
from tests.gateway.pages.conftest import HONG_DAN, Site


def report(submission: UUID | None = None, **fields: Any) -> Submission:
    made: dict[str, Any] = {
        "submission": submission or new_id(),
        "category": "ACC_OTP",
        "service": "VNEID_L2",
        "commune": HONG_DAN,
        "text": "Không nhận được mã",
        "language": "vi",
        "contact": Contact("Bà Tư Canary", "0912345678"),
    }
    return Submission(**(made | fields))


def accept(site: Site, count: int = 1) -> list[Receipt]:
    return [site.intake.accept(report()) for _ in range(count)]


def forward(site: Site) -> int:
    return asyncio.run(forward_pending(site.intake, site.bus))


def rows(site: Site) -> list[Any]:
    with site.database.read() as connection:
        return list(connection.execute(select(intake).order_by(intake.c.created_at)))


def is_in(site: Site, receipt: Receipt) -> bool:
    return load_case(site.runtime.database, receipt.case).commune == HONG_DAN


def test_a_report_is_durable_at_once_and_its_code_finds_it(site: Site) -> None:
    [receipt] = accept(site)
    known = site.intake.find(receipt.tracking)
    assert known is not None
    assert (known.case, known.commune, known.received_at) == (receipt.case, HONG_DAN, site.clock.now)


def test_the_same_form_twice_is_one_case_with_one_code_and_the_first_stands(site: Site) -> None:
    first = site.intake.accept(report(form := new_id()))
    site.clock.go(minutes=5)
    second = site.intake.accept(report(form, text="Khác"))
    assert (second.case, second.tracking) == (first.case, first.tracking)
    assert (first.repeated, second.repeated) == (False, True)
    assert second.received_at == first.received_at
    assert len(rows(site)) == 1


def test_a_double_click_makes_one_case(site: Site) -> None:
    form = report()
    receipts: list[Receipt] = []
    threads = [threading.Thread(target=lambda: receipts.append(site.intake.accept(form))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(receipt.case, receipt.tracking.code) for receipt in receipts}) == 1
    assert [receipt.repeated for receipt in receipts].count(False) == 1


@pytest.mark.parametrize("wrong", ["pin", "code"])
def test_code_and_pin_are_both_needed(site: Site, wrong: str) -> None:
    [receipt] = accept(site)
    [other] = accept(site)
    pair = Tracking(receipt.tracking.code, other.tracking.pin)
    if wrong == "code":
        pair = Tracking(other.tracking.code, receipt.tracking.pin)
    assert receipt.tracking.pin != other.tracking.pin or wrong == "code"
    assert site.intake.find(pair) is None


def test_it_is_forwarded_once_and_the_sealed_letter_is_gone_from_the_intake(site: Site) -> None:
    receipts = accept(site, 3)
    assert forward(site) == 3
    assert forward(site) == 0
    assert all(is_in(site, receipt) for receipt in receipts)
    assert [(row.letter, row.next_attempt_at) for row in rows(site)] == [(None, None)] * 3
    assert site.intake.waiting() == 0


def test_while_the_service_is_away_it_waits_longer_each_time_and_is_not_lost(site: Site) -> None:
    receipts = accept(site, 2)
    site.bus.cut = True
    waits = []
    for _ in range(9):
        assert forward(site) == 0
        due = min(row.next_attempt_at for row in rows(site))
        waits.append(due)
        site.clock.go(seconds=61)
    assert all(row.attempts == 9 for row in rows(site))
    site.bus.cut = False
    assert forward(site) == 2
    assert all(is_in(site, receipt) for receipt in receipts)


def test_a_lost_answer_is_asked_for_again_and_makes_no_second_case(site: Site) -> None:
    accept(site)
    site.bus.deaf = True
    assert forward(site) == 0
    site.bus.deaf = False
    site.clock.go(minutes=2)
    assert forward(site) == 1
    with site.runtime.database.read() as connection:
        names = connection.execute(select(store.events.c.name)).scalars().all()
    assert names == ["feedback.submitted"]
    assert len({payload["command_id"] for _, payload in site.bus.sent}) == 1


def test_a_replica_that_dies_with_claimed_rows_leaves_them_to_another(site: Site) -> None:
    accept(site, 2)
    assert len(site.intake.claim(10)) == 2
    assert forward(site) == 0, "they are leased"
    site.clock.go(seconds=31)
    assert forward(site) == 2


def test_two_replicas_claim_different_rows(site: Site) -> None:
    accept(site, 4)
    one, two = site.intake.claim(2), site.intake.claim(10)
    assert {row.submission for row in one}.isdisjoint({row.submission for row in two})
    assert len(one) + len(two) == 4


def test_a_refusal_is_not_the_end(site: Site) -> None:
    unknown = new_id()
    receipt = site.intake.accept(report(commune=unknown))
    assert forward(site) == 0
    assert [(row.refusals, row.refused_code) for row in rows(site)] == [(1, "UNKNOWN_COMMUNE")]
    assert rows(site)[0].letter
    with site.runtime.database.write() as connection:
        from_registry = {"unit": str(unknown), "level": "commune"}
        connection.execute(site.territory.insert().values(from_registry))
    site.clock.go(hours=1)
    assert forward(site) == 1
    assert load_case(site.runtime.database, receipt.case).commune == unknown


def test_the_forwarder_carries_on_by_itself_when_the_service_comes_back(site: Site) -> None:
    forwarder = Forwarder(site.intake, site.bus, site.throttle)

    async def until(check: Callable[[], bool]) -> None:
        while not await asyncio.to_thread(check):
            site.clock.go(seconds=5)
            forwarder.wake()

    async def run() -> None:
        task = asyncio.create_task(forwarder.run())
        site.bus.cut = True
        await asyncio.to_thread(accept, site, 3)
        await until(lambda: all(row.attempts for row in rows(site)))
        site.bus.cut = False
        await until(lambda: site.intake.waiting() == 0)
        task.cancel()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_nothing_a_resident_wrote_is_legible_in_rows_events_commands_or_logs(
    site: Site, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    text = "Tôi là canary, số 0987654321, mã otp 445566, CCCD 079203001234"
    receipt = site.intake.accept(report(text=text))
    site.bus.cut = True
    before = [str(rows(site))]
    forward(site)
    site.bus.cut = False
    site.clock.go(minutes=2)
    forward(site)
    with site.runtime.database.read() as connection:
        kept = [str(connection.execute(select(table)).all()) for table in (store.events, store.commands)]
    logged = "".join(capsys.readouterr()) + caplog.text
    everything = "\n".join([*before, str(rows(site)), *kept, str(site.bus.sent), logged])
    for secret in ("canary", "Canary", "Bà Tư", "0912345678", "0987654321", "445566", "079203001234"):
        assert secret not in everything
    for secret in (receipt.tracking.code, receipt.tracking.spaced):
        assert secret not in everything
    assert receipt.masked


def test_what_the_service_opens_is_masked_already(site: Site) -> None:
    receipt = site.intake.accept(report(text="CCCD 079203001234"))
    [row] = rows(site)
    sealed = sealing.from_base64(row.letter)
    opened = sealing.open_sealed(site.keys.private, sealed, f"feedback/letter/{receipt.case}")
    assert b"079203001234" not in opened
    assert "Bà Tư Canary".encode() in opened
    assert b'"notice":"2026-11"' in opened


def test_no_contact_means_no_contact_and_no_consent(site: Site) -> None:
    receipt = site.intake.accept(report(contact=None))
    [row] = rows(site)
    sealed = sealing.from_base64(row.letter)
    opened = sealing.open_sealed(site.keys.private, sealed, f"feedback/letter/{receipt.case}")
    assert b"contact" not in opened
    assert row.has_contact is False


def test_counting_of_wrong_guesses_is_shared_and_ends_with_the_minute(site: Site) -> None:
    for _ in range(10):
        assert site.throttle.allows("203.0.113.9")
        site.throttle.wrong("203.0.113.9")
    assert not site.throttle.allows("203.0.113.200"), "the same /24"
    assert site.throttle.allows("198.51.100.1")
    assert site.throttle.allows("2001:db8::1")
    site.clock.go(minutes=1)
    assert site.throttle.allows("203.0.113.9")
    site.clock.go(minutes=5)
    site.throttle.sweep()


def test_guesses_at_another_kind_of_code_are_counted_apart_before_they_are_checked(site: Site) -> None:
    tracker = Tracker(sealing.new_key())
    guesses = Throttle(site.database, tracker, site.clock, per_prefix=2, per_site=5).apart("visit codes", ipv6=48)
    lookups = Throttle(site.database, tracker, site.clock, per_prefix=1, per_site=1)
    begun = guesses.begin("2001:db8:1:1::1")
    assert begun is not None
    guesses.was_right("2001:db8:1:1::1", begun)
    assert [guesses.begin(f"2001:db8:1:{n}::1") is not None for n in range(9)] == [True] * 2 + [False] * 7, "one /48"
    assert [guesses.begin(f"203.0.113.{n}") is not None for n in range(3)] == [True, True, False], "one /24"
    assert [guesses.begin(f"2001:db8:{n}::1") is not None for n in range(2, 5)] == [True, False, False], "the site"
    assert lookups.allows("203.0.113.1"), "and nobody is shut out of looking up a case"
    site.clock.go(minutes=1)
    assert guesses.begin("203.0.113.1") is not None


def test_production_brings_its_own_keys(tmp_path: Any) -> None:
    settings = Settings.model_construct(mode=Mode.PRODUCTION, var_dir=tmp_path)
    with pytest.raises(sealing.KeyMissing, match="CAUSO_CODE_KEY"):
        tracker_from(settings)
    with pytest.raises(sealing.KeyMissing, match="CAUSO_INTAKE_PUBLIC_KEY"):
        public_key_from(settings)
