"""The three files: their columns, as people write them, and the words that stand for codes.

Columns may stand in any order; unknown ones are left. Those of `OPTIONAL` may be missing.
"""

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["hamlets", "teams", "members"]

COMMUNE = "mã xã"
HAMLET = "ấp khóm"
HAMLET_KIND = "loại"
VALID_FROM = "từ ngày"
HAMLET_ID = "mã ấp khóm"

TEAM = "tên tổ"
LEVEL = "cấp"
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

COLUMNS: dict[Kind, tuple[str, ...]] = {
    "hamlets": (COMMUNE, HAMLET, HAMLET_KIND, VALID_FROM),
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
OPTIONAL: dict[Kind, tuple[str, ...]] = {
    "hamlets": (HAMLET_ID,),
    "teams": (TEAM_ID,),
    "members": (TEAM_ID,),
}
"""An export fills in the ids: two hamlets or teams of one commune may share a name."""

SEPARATOR = "|"
"""Between the hamlets a team serves: `;` and `,` separate columns."""

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
