"""An example of every event the registry publishes: for contract tests, documentation and seeds.

A piece of the true map: Hồng Dân in Cà Mau, which was Bạc Liêu's until 30 June 2025. Team and members are invented.
"""

from datetime import date
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from services.kernel.message import Event
from services.registry.apportionment import Share, SharesStated
from services.registry.campaign import CampaignCalledOff, CampaignOpened, CampaignPlanned, campaign_id
from services.registry.commendation_events import (
    CommendationApproved,
    CommendationAwarded,
    CommendationDeclined,
    CommendationProposed,
    CommendationRevoked,
    CommendationSelected,
    Evidence,
)
from services.registry.contact import MemberContactErased, MemberContactKept, MemberContactViewed
from services.registry.course import CourseCatalogued, CourseRetired
from services.registry.decision import Establishment, Launch, Listed, Renewal, TeamDecisionIssued, decision_id
from services.registry.digital_service import (
    DigitalServiceProposed,
    DigitalServicePublished,
    DigitalServiceRevised,
    DigitalServiceWithdrawn,
    Proposer,
    ServiceFacts,
)
from services.registry.emulation_drive import EmulationDriveClosed, EmulationDriveLaunched
from services.registry.enterprise import EnterpriseCounted, EnterpriseRegistered
from services.registry.funding_events import (
    FundingAdvanced,
    FundingAllocated,
    FundingAppraised,
    FundingReturned,
    FundingSettled,
)
from services.registry.funding_rule import FundingRuleEnded, FundingRuleSet
from services.registry.good_practice import (
    GoodPracticeProposed,
    GoodPracticeShared,
    GoodPracticeWithdrawn,
    PracticeFacts,
)
from services.registry.hamlet import (
    HamletEnded,
    HamletRegistered,
    HamletRenamed,
    HamletSucceeded,
    HamletTransferred,
)
from services.registry.learner import ExternalCourseCompleted, MemberSkillAssessed, MemberSkillConfirmed
from services.registry.map import MapDeclared
from services.registry.map_import import MapImportAdvanced, MapImportStarted
from services.registry.material import (
    MaterialApproved,
    MaterialDrafted,
    MaterialFacts,
    MaterialFile,
    MaterialOpinionGiven,
    MaterialPublished,
    MaterialWithdrawn,
)
from services.registry.member_evaluation import (
    MemberEvaluated,
    MemberEvaluationCorrected,
    MemberEvaluationWithdrawn,
    YearRecord,
    evaluation_id,
)
from services.registry.messaging_group import MessagingGroupLinked, MessagingGroupUnlinked
from services.registry.partner import PartnerEnded, PartnerEngaged
from services.registry.plan_rules import Citation, DueRule, QuantityRule
from services.registry.policy import (
    Plan,
    PolicyProfileDrafted,
    PolicyProfilePublished,
    PolicyProfileSuperseded,
    profile_id,
)
from services.registry.priority_area import PriorityAreaDesignated, PriorityAreaEnded, area_id
from services.registry.reorganisation import FoundHamlet, Merge, ReorganisationDecided
from services.registry.roster import RosterConsolidated, RosterPart, RosterSubmitted, RosterTeam, roster_id
from services.registry.task import TaskCalledOff, TaskDone, TaskIssued, TaskStarted
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
from services.registry.unit import (
    UnitEnded,
    UnitRegistered,
    UnitRenamed,
    UnitSucceeded,
    UnitTransferred,
    unit_id,
)

COMMUNE = unit_id("current", "commune", "31843")
PROVINCE = unit_id("current", "province", "96")
HAMLET_ID = UUID("019a0000-0000-7000-8000-000000000001")
TEAM_ID = UUID("019a0000-0000-7000-8000-000000000002")
MEMBER_ID = UUID("019a0000-0000-7000-8000-000000000003")
OTHER_HAMLET_ID = UUID("019a0000-0000-7000-8000-000000000006")
THIRD_HAMLET_ID = UUID("019a0000-0000-7000-8000-000000000031")
REORGANISATION_ID = UUID("019a0000-0000-7000-8000-000000000032")
OTHER_TEAM_ID = UUID("019a0000-0000-7000-8000-000000000033")
OTHER_MEMBER_ID = UUID("019a0000-0000-7000-8000-000000000034")
ENTERPRISE_ID = UUID("019a0000-0000-7000-8000-000000000011")
GROUP_ID = UUID("019a0000-0000-7000-8000-000000000012")
COURSE_ID = UUID("019a0000-0000-7000-8000-000000000013")
MATERIAL_ID = UUID("019a0000-0000-7000-8000-000000000015")
NEWER_MATERIAL_ID = UUID("019a0000-0000-7000-8000-000000000016")
TRAINING_ID = UUID("019a0000-0000-7000-8000-000000000014")
COMMENDATION_ID = UUID("019a0000-0000-7000-8000-000000000021")
FUNDING_RULE_ID = UUID("019a0000-0000-7000-8000-000000000022")
ALLOCATION_ID = UUID("019a0000-0000-7000-8000-000000000023")
PARTNER_ID = UUID("019a0000-0000-7000-8000-000000000041")
TASK_ID = UUID("019a0000-0000-7000-8000-000000000042")
OTHER_TASK_ID = UUID("019a0000-0000-7000-8000-000000000043")
PRACTICE_ID = UUID("019a0000-0000-7000-8000-000000000024")
DRIVE_ID = UUID("019a0000-0000-7000-8000-000000000025")
"""The ids the other services' examples speak of: together the examples tell one story."""

PLAN_2023 = profile_id("CM-2023-220")
OLD_PROVINCE = unit_id("legacy", "province", "96")
OLD_DISTRICT = unit_id("legacy", "district", "964")
OLD_COMMUNE = unit_id("legacy", "commune", "31999")
DIGEST = sha256(b"example").hexdigest()
"""Of Cà Mau with its districts, until 30 June 2025."""

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

SERVICE = "CAMAU_G"
SERVICE_FACTS = ServiceFacts(
    name="Ứng dụng chính quyền điện tử CaMau-G",
    name_en="CaMau-G, the province's e-government app",
    group="digital_government",
    owner="UBND tỉnh",
    source="KH 220/KH-UBND 31/8/2023 §III.2a",
)
PROPOSER = Proposer(kind="sector", organisation="Văn phòng Ủy ban nhân dân tỉnh")

MATERIAL_FACTS = MaterialFacts(
    name="Kích hoạt VNeID mức 2 trong năm bước",
    topic="VNEID_L2",
    service=SERVICE,
    language="vi",
    issuer="Sở Khoa học và Công nghệ",
    file=MaterialFile(sha256="0" * 64, media_type="application/pdf", size=1024),
)

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
    UnitEnded(unit=unit_id("legacy", "commune", "31843"), valid_to=date(2025, 6, 30)),
    UnitRenamed(unit=COMMUNE, name="Phường Hồng Dân", kind="Phường", on=date(2027, 1, 1)),
    UnitTransferred(unit=COMMUNE, parent=PROVINCE, on=date(2027, 1, 1)),
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
    HamletTransferred(hamlet=OTHER_HAMLET_ID, commune=COMMUNE, on=date(2027, 1, 1)),
    HamletRenamed(hamlet=OTHER_HAMLET_ID, name="Khóm Thống Nhất", kind="Khóm", on=date(2027, 1, 1)),
    HamletSucceeded(hamlet=OTHER_HAMLET_ID, successor=HAMLET_ID, part=True, on=date(2027, 7, 1)),
    HamletEnded(hamlet=OTHER_HAMLET_ID, valid_to=date(2027, 6, 30)),
    ReorganisationDecided(
        reorganisation=REORGANISATION_ID,
        on=date(2027, 7, 1),
        decision_no="MẪU-30/NQ-HĐND",
        decision_date=date(2026, 10, 1),
        issuer="Hội đồng nhân dân xã Hồng Dân",
        source=None,
        operations=(
            FoundHamlet(hamlet=THIRD_HAMLET_ID, commune=COMMUNE, title="Ấp Mới", kind="Ấp"),
            Merge(place="hamlet", units=(HAMLET_ID, OTHER_HAMLET_ID), into=THIRD_HAMLET_ID),
        ),
    ),
    SharesStated(
        about=OTHER_HAMLET_ID,
        place="hamlet",
        on=date(2027, 7, 1),
        shares=(
            Share(successor=HAMLET_ID, share=Decimal("0.25")),
            Share(successor=THIRD_HAMLET_ID, share=Decimal("0.75")),
        ),
        basis="Số hộ",
        source="Biên bản bàn giao (MẪU)",
        stated_on=date(2027, 7, 15),
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
        course=COURSE_ID,
        name="Hướng dẫn VNeID",
        topics=("VNEID_L2",),
        provider="Sở Khoa học và Công nghệ",
        source="220/KH-UBND §III.2a",
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
    MemberSkillConfirmed(
        member=MEMBER_ID, assessed_on=date(2026, 4, 1), office="Ủy ban nhân dân xã", confirmed_on=date(2026, 4, 15)
    ),
    ExternalCourseCompleted(
        member=MEMBER_ID,
        course="Kỹ năng số cơ bản",
        provider="Bình dân học vụ số",
        completed_on=date(2026, 5, 10),
    ),
    DigitalServiceProposed(service=SERVICE, facts=SERVICE_FACTS, territory=PROVINCE, proposer=PROPOSER),
    DigitalServicePublished(
        service=SERVICE, facts=SERVICE_FACTS, territory=PROVINCE, proposer=PROPOSER, valid_from=date(2026, 1, 1)
    ),
    DigitalServiceRevised(
        service=SERVICE,
        facts=SERVICE_FACTS.model_copy(update={"hotline": "1022"}),
        revised_on=date(2026, 6, 1),
    ),
    DigitalServiceWithdrawn(service=SERVICE, last_day=date(2029, 12, 31)),
    MaterialDrafted(material=MATERIAL_ID, unit=PROVINCE, facts=MATERIAL_FACTS),
    MaterialOpinionGiven(
        material=MATERIAL_ID, favourable=True, document="MẪU-05/UBND-KGVX", given_on=date(2026, 2, 10)
    ),
    MaterialApproved(material=MATERIAL_ID, approved_on=date(2026, 2, 12)),
    MaterialPublished(material=MATERIAL_ID, published_on=date(2026, 2, 15), replaces=None),
    MaterialWithdrawn(material=MATERIAL_ID, withdrawn_on=date(2026, 8, 1), replaced_by=NEWER_MATERIAL_ID),
    CampaignOpened(
        campaign=campaign_id(PROVINCE, "VNEID_L2", "2026-Q4"),
        unit=PROVINCE,
        topic="VNEID_L2",
        name="Quý IV: kích hoạt VNeID mức 2",
        period="2026-Q4",
        cadence="quarter",
        first_day=date(2026, 10, 1),
        last_day=date(2026, 12, 31),
    ),
    CampaignPlanned(
        campaign=campaign_id(PROVINCE, "VNEID_L2", "2026-Q4"),
        organiser="Tỉnh đoàn",
        participants=("youth_union", "teachers", "pupils"),
        coordination_plan="15/KHPH: Đoàn viên, giáo viên, học sinh cùng Tổ đến từng hộ vào sáng Chủ nhật.",
    ),
    CampaignCalledOff(campaign=campaign_id(PROVINCE, "VNEID_L2", "2026-Q4")),
    GoodPracticeProposed(
        practice=PRACTICE_ID,
        unit=COMMUNE,
        team=TEAM_ID,
        facts=PracticeFacts(
            name="Bàn hướng dẫn VNeID tại chợ mỗi sáng thứ bảy",
            done="Tổ đặt một bàn ở chợ, mỗi sáng thứ bảy có hai người trực. Bà con đi chợ ghé làm, không phải đi xa.",
            topic="VNEID_L2",
            material=MATERIAL_ID,
        ),
        proposed_on=date(2026, 4, 10),
    ),
    GoodPracticeShared(practice=PRACTICE_ID, shared_on=date(2026, 4, 20)),
    GoodPracticeWithdrawn(practice=PRACTICE_ID, withdrawn_on=date(2026, 12, 31)),
    PolicyProfileDrafted(territory=PROVINCE, profile=profile_id(PLAN.code), plan=PLAN),
    PolicyProfilePublished(territory=PROVINCE, profile=profile_id(PLAN.code), plan=PLAN),
    PolicyProfileSuperseded(
        territory=PROVINCE, profile=profile_id(PLAN.code), last_day=date(2028, 6, 30), by=profile_id("CM-2028-NEXT")
    ),
    MemberEvaluated(
        evaluation=evaluation_id(MEMBER_ID, 2026),
        member=MEMBER_ID,
        team=TEAM_ID,
        year=2026,
        grade="Hoàn thành nhiệm vụ",
        office="Phòng Văn hóa - Xã hội",
        evidence=YearRecord(
            duty="Hướng dẫn VNeID và dịch vụ công trực tuyến",
            trainings_attended=2,
            visits=38,
            activity_days=17,
            team_visits=210,
        ),
        evaluated_on=date(2026, 11, 16),
    ),
    MemberEvaluationCorrected(
        evaluation=evaluation_id(MEMBER_ID, 2026),
        grade="Hoàn thành tốt nhiệm vụ",
        office="Phòng Văn hóa - Xã hội",
        reason="Bổ sung kết quả tháng 11",
        evidence=YearRecord(
            duty="Hướng dẫn VNeID và dịch vụ công trực tuyến",
            trainings_attended=3,
            visits=41,
            activity_days=19,
            team_visits=221,
        ),
        corrected_on=date(2026, 11, 30),
    ),
    MemberEvaluationWithdrawn(
        evaluation=evaluation_id(MEMBER_ID, 2026),
        office="Phòng Văn hóa - Xã hội",
        reason="Đánh giá nhầm năm",
        withdrawn_on=date(2026, 12, 2),
    ),
    EmulationDriveLaunched(
        drive=DRIVE_ID,
        unit=PROVINCE,
        name="Đoàn viên thanh niên tiên phong sử dụng các nền tảng, ứng dụng công nghệ số",
        launcher="youth_union",
        organiser="Tỉnh đoàn Cà Mau",
        first_day=date(2026, 3, 26),
        last_day=date(2026, 10, 10),
    ),
    EmulationDriveClosed(
        drive=DRIVE_ID,
        result="64 xã, phường có Tổ tham gia; nhiều Tổ đi từng ngõ, gõ từng nhà.",
        closed_on=date(2026, 10, 10),
    ),
    CommendationProposed(
        commendation=COMMENDATION_ID,
        team=TEAM_ID,
        member=None,
        form="annual_award",
        period_from=date(2026, 1, 1),
        period_to=date(2026, 8, 31),
        evidence=Evidence(
            visits=210,
            households_visited=130,
            households_guided=96,
            activity_days=44,
            members=5,
            members_trained=5,
            trainings_attended=9,
        ),
        proposer="leader",
        proposed_on=date(2026, 9, 1),
        drive=DRIVE_ID,
    ),
    CommendationSelected(commendation=COMMENDATION_ID, office="Phòng Văn hóa - Xã hội", selected_on=date(2026, 9, 15)),
    CommendationDeclined(commendation=COMMENDATION_ID, office="Phòng Văn hóa - Xã hội", declined_on=date(2026, 9, 15)),
    CommendationApproved(
        commendation=COMMENDATION_ID,
        decision_no="MẪU-05/QĐ-UBND",
        decision_date=date(2026, 10, 1),
        signer="Chủ tịch Ủy ban nhân dân xã",
        issuing_body="Ủy ban nhân dân xã Hồng Dân",
    ),
    CommendationAwarded(commendation=COMMENDATION_ID, awarded_on=date(2026, 10, 10)),
    CommendationRevoked(
        commendation=COMMENDATION_ID,
        decision_no="MẪU-06/QĐ-UBND",
        decision_date=date(2026, 11, 2),
        signer="Chủ tịch Ủy ban nhân dân xã",
        issuing_body="Ủy ban nhân dân xã Hồng Dân",
    ),
    FundingRuleSet(
        rule=FUNDING_RULE_ID,
        territory=PROVINCE,
        source="state_budget",
        decision_no="MẪU-07/NQ-HĐND",
        decision_date=date(2026, 1, 10),
        issuing_body="Hội đồng nhân dân tỉnh Cà Mau",
        section=None,
        paid_by="team_month",
        amount=None,
        valid_from=date(2026, 1, 15),
        valid_to=None,
    ),
    FundingRuleEnded(rule=FUNDING_RULE_ID, last_day=date(2030, 12, 31)),
    FundingAllocated(
        allocation=ALLOCATION_ID,
        rule=FUNDING_RULE_ID,
        payee="team",
        about=TEAM_ID,
        period_from=date(2026, 4, 1),
        period_to=date(2026, 6, 30),
        quantity=3,
        amount=3_000,
        decision_no="MẪU-08/QĐ-UBND",
        decision_date=date(2026, 3, 20),
    ),
    FundingAppraised(
        allocation=ALLOCATION_ID,
        office="Phòng Kinh tế",
        result="changed",
        amount=2_700,
        appraised_on=date(2026, 3, 25),
    ),
    FundingAdvanced(allocation=ALLOCATION_ID, voucher="MẪU-01/TU", amount=2_000, advanced_on=date(2026, 4, 5)),
    FundingSettled(allocation=ALLOCATION_ID, voucher="MẪU-02/QT", amount=1_800, settled_on=date(2026, 7, 10)),
    FundingReturned(allocation=ALLOCATION_ID, voucher="MẪU-03/NL", amount=200, returned_on=date(2026, 7, 12)),
    RosterSubmitted(
        roster=roster_id(PLAN_2023, "commune", OLD_COMMUNE),
        territory=OLD_PROVINCE,
        profile=PLAN_2023,
        tier="commune",
        unit=OLD_COMMUNE,
        version=1,
        teams=(RosterTeam(team=TEAM_ID, members=5, has_leader=True),),
        team_count=1,
        member_count=5,
        content_hash=DIGEST,
        cut_off=date(2023, 9, 10),
        submitted_on=date(2023, 9, 14),
    ),
    RosterConsolidated(
        roster=roster_id(PLAN_2023, "district", OLD_DISTRICT),
        territory=OLD_PROVINCE,
        profile=PLAN_2023,
        tier="district",
        unit=OLD_DISTRICT,
        version=1,
        parts=(
            RosterPart(
                roster=roster_id(PLAN_2023, "commune", OLD_COMMUNE),
                unit=OLD_COMMUNE,
                version=1,
                teams=1,
                members=5,
                content_hash=DIGEST,
            ),
        ),
        team_count=1,
        member_count=5,
        content_hash=DIGEST,
        submitted_on=date(2023, 9, 25),
    ),
    PriorityAreaDesignated(
        area=area_id(HAMLET_ID, "ethnic_minority"),
        place="hamlet",
        about=HAMLET_ID,
        kind="ethnic_minority",
        decision_no="MẪU-09/QĐ-UBND",
        decision_date=date(2026, 1, 5),
        issuing_body="Ủy ban nhân dân tỉnh Cà Mau",
        valid_from=date(2026, 1, 15),
    ),
    PriorityAreaEnded(
        area=area_id(HAMLET_ID, "ethnic_minority"), valid_from=date(2026, 1, 15), last_day=date(2026, 6, 30)
    ),
    PartnerEngaged(
        partner=PARTNER_ID,
        territory=COMMUNE,
        organisation="VNPT Cà Mau",
        kind="post_telecom",
        fields=("DVCQG", "VNEID_L2"),
        agreement_no="MẪU-10/TTHT",
        engaged_on=date(2026, 3, 1),
    ),
    PartnerEnded(partner=PARTNER_ID, last_day=date(2026, 12, 31)),
    TaskIssued(
        task=TASK_ID,
        authority=PROVINCE,
        issuer="Sở Khoa học và Công nghệ",
        assignee="team",
        about=TEAM_ID,
        content="Cài đặt VNeID cho các hộ trong ấp theo hướng dẫn của Bộ",
        owner="Tổ công nghệ số cộng đồng",
        paper_no="MẪU-11/SKHCN",
        issued_on=date(2026, 4, 1),
        due_on=date(2026, 6, 30),
    ),
    TaskStarted(task=TASK_ID, started_on=date(2026, 4, 5)),
    TaskDone(task=TASK_ID, done_on=date(2026, 6, 20), evidence="Đã hướng dẫn các hộ trong ấp", figure=42),
    TaskCalledOff(task=OTHER_TASK_ID, called_off_on=date(2026, 5, 1)),
    MapImportStarted(edition=sha256(b"map").hexdigest()),
    MapImportAdvanced(
        edition=sha256(b"map").hexdigest(), stage="reorganisations", done=12_500, total=13_969, refused=0
    ),
)
