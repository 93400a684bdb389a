"""An example of every event the registry publishes: for contract tests, documentation and seeds.

A piece of the true map: Hồng Dân in Cà Mau, which was Bạc Liêu's until 30 June 2025. Team and members are invented.
"""

from datetime import date
from uuid import UUID

from services.kernel.message import Event
from services.registry.contact import MemberContactErased, MemberContactKept, MemberContactViewed
from services.registry.course import CourseCatalogued, CourseRetired
from services.registry.decision import Establishment, Launch, Listed, Renewal, TeamDecisionIssued, decision_id
from services.registry.enterprise import EnterpriseCounted, EnterpriseRegistered
from services.registry.hamlet import HamletRegistered
from services.registry.learner import ExternalCourseCompleted, MemberSkillAssessed
from services.registry.map import MapDeclared
from services.registry.messaging_group import MessagingGroupLinked, MessagingGroupUnlinked
from services.registry.plan_rules import Citation, DueRule, QuantityRule
from services.registry.policy import (
    Plan,
    PolicyProfileDrafted,
    PolicyProfilePublished,
    PolicyProfileSuperseded,
    profile_id,
)
from services.registry.team_events import (
    DutyAssigned,
    MemberAppointed,
    MemberNominated,
    MemberStoodDown,
    TeamDissolved,
    TeamEstablished,
    TeamLaunched,
    TeamRenewed,
)
from services.registry.training import TrainingCalledOff, TrainingHeld, TrainingScheduled
from services.registry.unit import UnitRegistered, UnitSucceeded, unit_id

COMMUNE = unit_id("current", "commune", "31843")
PROVINCE = unit_id("current", "province", "96")
HAMLET_ID = UUID("019a0000-0000-7000-8000-000000000001")
TEAM_ID = UUID("019a0000-0000-7000-8000-000000000002")
MEMBER_ID = UUID("019a0000-0000-7000-8000-000000000003")
OTHER_HAMLET_ID = UUID("019a0000-0000-7000-8000-000000000006")
OTHER_TEAM_ID = UUID("019a0000-0000-7000-8000-000000000015")
OTHER_MEMBER_ID = UUID("019a0000-0000-7000-8000-000000000016")
ENTERPRISE_ID = UUID("019a0000-0000-7000-8000-000000000011")
GROUP_ID = UUID("019a0000-0000-7000-8000-000000000012")
COURSE_ID = UUID("019a0000-0000-7000-8000-000000000013")
TRAINING_ID = UUID("019a0000-0000-7000-8000-000000000014")
"""The ids the other services' examples speak of: together the examples tell one story."""

PLAN = Plan(
    code="CM-2026-20",
    name="Hoạt động Tổ công nghệ số cộng đồng trên địa bàn tỉnh Cà Mau đến năm 2030",
    issuer="Ủy ban nhân dân tỉnh Cà Mau",
    document="20/KH-UBND",
    issued_on=date(2026, 1, 16),
    valid_from=date(2026, 1, 16),
    valid_to=date(2030, 12, 31),
    tiers=("team", "commune", "province"),
    team_levels=("hamlet",),
    rules=(
        QuantityRule(
            kind="quantity",
            measure="teams_per_hamlet",
            comparator=">=",
            value=1,
            citation=Citation(document="20/KH-UBND", section="I.2c"),
        ),
        DueRule(
            kind="due",
            what="report",
            cadence="quarter",
            tier="team",
            to="commune",
            day=16,
            inclusive=False,
            citation=Citation(document="MẪU-02/QĐ-UBND", section="1"),
            note="ví dụ: kế hoạch 20/KH-UBND không nêu ngày báo cáo",
        ),
    ),
)
"""Cà Mau's plan with a report's day that a later decision might add."""

EXAMPLES: tuple[Event, ...] = (
    UnitRegistered(
        unit=COMMUNE,
        regime="current",
        code="31843",
        name="Xã Hồng Dân",
        level="commune",
        kind="Xã",
        parent=PROVINCE,
        valid_from=date(2025, 7, 1),
        valid_to=None,
        lat=9.53724,
        lon=105.452,
        area_km2=15.62,
    ),
    UnitRegistered(
        unit=PROVINCE,
        regime="current",
        code="96",
        name="Tỉnh Cà Mau",
        level="province",
        kind="Tỉnh",
        parent=None,
        valid_from=date(2025, 7, 1),
        valid_to=None,
        lat=9.1362,
        lon=105.182,
        area_km2=None,
    ),
    UnitSucceeded(
        unit=unit_id("legacy", "commune", "31843"),
        successor=COMMUNE,
        part=False,
        seat=True,
        on=date(2025, 7, 1),
    ),
    MapDeclared(
        regime="legacy",
        known_from=date(2024, 12, 1),
        known_to=date(2025, 6, 30),
        province=unit_id("legacy", "province", "96"),
        source="Nghị quyết số 1252/NQ-UBTVQH15",
    ),
    HamletRegistered(hamlet=HAMLET_ID, commune=COMMUNE, name="Ấp Nội Ô", kind="Ấp", valid_from=date(2025, 7, 1)),
    HamletRegistered(
        hamlet=OTHER_HAMLET_ID, commune=COMMUNE, name="Ấp Thống Nhất", kind="Ấp", valid_from=date(2025, 7, 1)
    ),
    TeamEstablished(
        team=TEAM_ID,
        commune=COMMUNE,
        name="Tổ công nghệ số cộng đồng ấp Nội Ô",
        level="hamlet",
        hamlets=(HAMLET_ID,),
        decision_no="MẪU-01/QĐ-UBND",
        decision_date=date(2026, 1, 20),
        signer="Chủ tịch Ủy ban nhân dân xã",
    ),
    TeamLaunched(team=TEAM_ID, launched_on=date(2026, 2, 1)),
    MemberNominated(
        team=TEAM_ID,
        member=MEMBER_ID,
        organisation="Trưởng ấp",
        organisation_kind="hamlet_head",
        nominated_on=date(2026, 1, 20),
    ),
    MemberAppointed(
        team=TEAM_ID,
        member=MEMBER_ID,
        role="leader",
        organisation="Trưởng ấp",
        appointed_on=date(2026, 1, 20),
        organisation_kind="hamlet_head",
        same_hamlet=True,
        part_time=True,
    ),
    DutyAssigned(team=TEAM_ID, member=MEMBER_ID, duty="Hướng dẫn kích hoạt VNeID", assigned_on=date(2026, 2, 1)),
    MemberStoodDown(team=TEAM_ID, member=MEMBER_ID, stood_down_on=date(2026, 9, 30), appointed_on=date(2026, 1, 20)),
    TeamRenewed(
        team=TEAM_ID,
        hamlets=(HAMLET_ID, OTHER_HAMLET_ID),
        decision_no="MẪU-03/QĐ-UBND",
        decision_date=date(2026, 10, 1),
        signer="Chủ tịch Ủy ban nhân dân xã",
    ),
    TeamDissolved(
        team=TEAM_ID,
        decision_no="MẪU-04/QĐ-UBND",
        decision_date=date(2026, 12, 31),
        signer="Chủ tịch Ủy ban nhân dân xã",
        successor=None,
    ),
    TeamDecisionIssued(
        decision=decision_id(COMMUNE, 2026, "MẪU-05/QĐ-UBND"),
        unit=COMMUNE,
        decision_no="MẪU-05/QĐ-UBND",
        decision_date=date(2026, 10, 2),
        signer="Chủ tịch Ủy ban nhân dân xã",
        acts=(
            Establishment(
                team=OTHER_TEAM_ID,
                name="Tổ công nghệ số cộng đồng ấp Thống Nhất",
                hamlets=(OTHER_HAMLET_ID,),
                appoints=(Listed(member=OTHER_MEMBER_ID, role="leader", organisation="Trưởng ấp"),),
            ),
            Renewal(team=TEAM_ID, hamlets=(HAMLET_ID,), stands_down=(MEMBER_ID,)),
            Launch(team=OTHER_TEAM_ID),
        ),
    ),
    MemberContactKept(
        member=OTHER_MEMBER_ID,
        team=OTHER_TEAM_ID,
        letter=UUID("019a0000-0000-7000-8000-000000000017"),
        has_phone=True,
        publishes_name=True,
        publishes_phone=False,
        notice="2026-11",
        kept_on=date(2026, 10, 2),
    ),
    MemberContactViewed(member=OTHER_MEMBER_ID, team=OTHER_TEAM_ID, viewer="official-1", purpose="call"),
    MemberContactErased(member=OTHER_MEMBER_ID, reason="left", erased_on=date(2026, 12, 31)),
    EnterpriseRegistered(
        enterprise=ENTERPRISE_ID,
        commune=COMMUNE,
        name="Công ty thuỷ sản (ví dụ)",
        workers=280,
        many_from_elsewhere=None,
        counted_on=date(2026, 1, 31),
    ),
    EnterpriseCounted(enterprise=ENTERPRISE_ID, workers=320, many_from_elsewhere=True, counted_on=date(2026, 6, 30)),
    MessagingGroupLinked(
        group=GROUP_ID,
        place="hamlet",
        about=HAMLET_ID,
        app="zalo",
        link="https://zalo.me/g/vidu0000",
        linked_on=date(2026, 2, 1),
    ),
    MessagingGroupUnlinked(group=GROUP_ID, unlinked_on=date(2026, 8, 31)),
    CourseCatalogued(
        course=COURSE_ID, name="Hướng dẫn VNeID", topics=("VNEID_L2",), provider="Sở Khoa học và Công nghệ"
    ),
    CourseRetired(course=COURSE_ID),
    TrainingScheduled(
        training=TRAINING_ID,
        unit=COMMUNE,
        course=COURSE_ID,
        name="Tập huấn Tổ công nghệ số cộng đồng quý I",
        mode="hands_on",
        organiser="Phòng Văn hóa - Xã hội",
        trainer_organisation="police",
        first_day=date(2026, 3, 2),
        last_day=date(2026, 3, 3),
    ),
    TrainingHeld(training=TRAINING_ID, held_on=date(2026, 3, 3), attended=(MEMBER_ID,), missed=()),
    TrainingCalledOff(training=TRAINING_ID),
    MemberSkillAssessed(
        member=MEMBER_ID, skill="basic", assessor="Phòng Văn hóa - Xã hội", assessed_on=date(2026, 4, 1)
    ),
    ExternalCourseCompleted(
        member=MEMBER_ID,
        course="Kỹ năng số cơ bản",
        provider="Bình dân học vụ số",
        completed_on=date(2026, 5, 10),
    ),
    PolicyProfileDrafted(territory=PROVINCE, profile=profile_id(PLAN.code), plan=PLAN),
    PolicyProfilePublished(territory=PROVINCE, profile=profile_id(PLAN.code), plan=PLAN),
    PolicyProfileSuperseded(
        territory=PROVINCE, profile=profile_id(PLAN.code), last_day=date(2028, 6, 30), by=profile_id("CM-2028-NEXT")
    ),
)
