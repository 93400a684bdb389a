"""Events to send."""

from uuid import UUID

from services.kernel.message import Recorded


def recorded(position: int, name: str = "unit.registered", data: str = '{"unit":"xã Đất Mũi"}') -> Recorded:
    """The event at `position`, always the same one."""
    return Recorded(
        position=position,
        id=str(UUID(int=position)),
        stream=f"unit-{position % 7}",
        version=position // 7 + 1,
        name=name,
        schema_version=1,
        data=data,
        recorded_at=f"2026-11-20T10:00:{position % 60:02d}.000000Z",
        correlation_id=str(UUID(int=1_000_000 + position)),
        cause=str(UUID(int=2_000_000 + position)),
    )
