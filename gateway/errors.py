"""What the gateway refuses, each with a stable code; `HTTP_STATUS` says which of them decide the answer's status.

GatewayError
├── MapNotKnown       MAP_NOT_KNOWN     the map is not known on that day
├── Unauthenticated   UNAUTHENTICATED   no token, or not a good one
├── Forbidden         FORBIDDEN         the role may never do this, whatever it is about
├── NotFound          NOT_FOUND         not there, or not the viewer's to see: one answer for both
├── InvalidInput      INVALID_INPUT     `field` names the argument
├── NotYetApplied     NOT_YET_APPLIED   the read model has not reached the token in time
├── StreamParked      STREAM_PARKED     the token's stream is set aside until an operator helps
├── Unavailable       SERVICE_UNAVAILABLE  the service did not answer in time
└── TooMuch           TOO_LARGE, TOO_DEEP, TOO_MANY_ALIASES, TOO_MANY_FIELDS, TOO_COSTLY
"""

from typing import ClassVar


class GatewayError(Exception):
    """A refusal with a code; `message` is Vietnamese and holds nothing the caller sent."""

    code: ClassVar[str] = "REFUSED"

    def __init__(self, message: str, *, field: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.stable_code = code or self.code


class MapNotKnown(GatewayError):
    """The map of that place is not known on that day."""

    code = "MAP_NOT_KNOWN"


class Unauthenticated(GatewayError):
    """Who asks is not known."""

    code = "UNAUTHENTICATED"

    def __init__(self, message: str = "Cần đăng nhập: thiếu mã truy cập hoặc mã không hợp lệ.") -> None:
        super().__init__(message)


class Forbidden(GatewayError):
    """This role may not do this at all."""

    code = "FORBIDDEN"

    def __init__(self, message: str = "Vai trò của Ông/Bà không được làm việc này.") -> None:
        super().__init__(message)


class NotFound(GatewayError):
    """Not there, or outside the viewer's scope."""

    code = "NOT_FOUND"

    def __init__(
        self, message: str = "Không tìm thấy, hoặc không thuộc phạm vi của Ông/Bà.", *, field: str = ""
    ) -> None:
        super().__init__(message, field=field)


class InvalidInput(GatewayError):
    """An argument breaks a rule."""

    code = "INVALID_INPUT"


class NotYetApplied(GatewayError):
    """Wait a little and ask again with the same token."""

    code = "NOT_YET_APPLIED"

    def __init__(self) -> None:
        super().__init__("Dữ liệu vừa ghi chưa kịp hiện ra. Xin thử lại sau giây lát.", field="after")


class StreamParked(GatewayError):
    """Waiting would not help."""

    code = "STREAM_PARKED"

    def __init__(self) -> None:
        super().__init__("Dữ liệu này đang tạm giữ để kiểm tra; người vận hành đã được báo.", field="after")


class Unavailable(GatewayError):
    """Repeat with the same command id: it is never done twice."""

    code = "SERVICE_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("Hệ thống đang bận, chưa rõ đã nhận hay chưa. Xin gửi lại với cùng mã lệnh.")


class TooMuch(GatewayError):
    """The document asks for more than one request may."""


HTTP_STATUS = {"UNAUTHENTICATED": 401}
"""Codes that decide the HTTP status; all others travel in a well-formed answer."""
