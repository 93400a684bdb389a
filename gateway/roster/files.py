"""The four files: their columns, as people write them, and the words that stand for codes.

Columns may stand in any order; unknown ones are left. Those of `OPTIONAL` may be missing.
"""

from typing import Literal, TypeAlias

from services.kernel.tiers import tiers

Kind: TypeAlias = Literal["units", "hamlets", "teams", "members"]

UNIT = "mã đơn vị"
UNIT_NAME = "tên đơn vị"
PLACE_KIND = "loại"
LEVEL = "cấp"
PARENT = "mã cấp trên"
VALID_FROM = "từ ngày"
LATITUDE = "vĩ độ"
LONGITUDE = "kinh độ"
AREA = "diện tích km2"
AS_OF = "tại ngày"
"""The day whose map a row was written from; not said is today. An export says it, so that it still holds later."""

COMMUNE = "mã xã"
HAMLET = "ấp khóm"
HAMLET_ID = "mã ấp khóm"

TEAM = "tên tổ"
HAMLETS_SERVED = "ấp khóm phụ trách"
DECISION_NO = "số quyết định"
DECISION_DATE = "ngày quyết định"
SIGNER = "chức danh người ký"
LAUNCHED_ON = "ngày ra mắt"
TEAM_ID = "mã tổ"

MEMBER = "mã thành viên"
ROLE = "vai trò"
ORGANISATION = "tổ chức"
ORGANISATION_KIND = "loại tổ chức"
SAME_HAMLET = "ở tại ấp"
PART_TIME = "kiêm nhiệm"
APPOINTED_ON = "ngày cử"
TERM_TO = "hết nhiệm kỳ"
STOOD_DOWN_ON = "ngày thôi"

FULL_NAME = "họ và tên"
PHONE = "số điện thoại"
INFORMED = "đã thông báo"
PUBLISH_NAME = "công bố họ tên"
PUBLISH_PHONE = "công bố số điện thoại"
CONTACT = (FULL_NAME, PHONE, INFORMED, PUBLISH_NAME, PUBLISH_PHONE)
"""May be added to the file of members; sealed on the way in, never given out."""
PLACE = (LATITUDE, LONGITUDE, AREA)
"""May be added to the file of units: WGS 84 degrees and square kilometres."""

COLUMNS: dict[Kind, tuple[str, ...]] = {
    "units": (UNIT, UNIT_NAME, PLACE_KIND, LEVEL, PARENT, VALID_FROM),
    "hamlets": (COMMUNE, HAMLET, PLACE_KIND, VALID_FROM),
    "teams": (COMMUNE, TEAM, LEVEL, HAMLETS_SERVED, DECISION_NO, DECISION_DATE, SIGNER, LAUNCHED_ON),
    "members": (
        COMMUNE,
        TEAM,
        MEMBER,
        ROLE,
        ORGANISATION,
        ORGANISATION_KIND,
        SAME_HAMLET,
        PART_TIME,
        APPOINTED_ON,
        TERM_TO,
        STOOD_DOWN_ON,
    ),
}
"""In the order they are taken in together: each speaks of what stands in the ones before it."""
OPTIONAL: dict[Kind, tuple[str, ...]] = {
    "units": (*PLACE, AS_OF),
    "hamlets": (HAMLET_ID,),
    "teams": (TEAM_ID,),
    "members": (TEAM_ID,),
}
"""An export fills them in; the ids because two hamlets or teams of one commune may share a name."""
SHOWN: dict[Kind, tuple[str, ...]] = {"units": PLACE, "hamlets": (), "teams": (), "members": CONTACT}
"""Those of the others that people may fill in too: a template has them."""

SEPARATOR = "|"
"""Between the hamlets a team serves: `;` and `,` separate columns."""

TIERS = {each.word: each.code for each in tiers()}
"""From the highest down."""
LEVELS = {"ấp": "hamlet", "xã": "commune", "doanh nghiệp": "enterprise"}
ROLES = {"tổ trưởng": "leader", "tổ phó": "deputy", "thành viên": "member"}
YES_NO = {"có": True, "không": False}
ORGANISATIONS = {
    "trưởng ấp": "hamlet_head",
    "đoàn thanh niên": "youth_union",
    "hội phụ nữ": "women_union",
    "hội nông dân": "farmers_union",
    "công đoàn": "trade_union",
    "mặt trận tổ quốc": "fatherland_front",
    "công an": "police",
    "cán bộ xã": "commune_cadre",
    "đảng viên": "party_member",
    "tổ dân cư": "residents_group",
    "bưu điện, viễn thông": "post_telecom",
    "ngân hàng": "bank",
    "doanh nghiệp": "enterprise",
    "giáo dục": "education",
    "khác": "other",
}
"""Codes of the plans' words (001 §III.1a, 003 §II.3); a cell may hold either."""
