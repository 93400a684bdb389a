"""`units`: one row, one unit under another that the office holds; a unit's regime is the one of what it lies under.

A unit that is there just so is left alone; one that is there otherwise is changed by a reorganisation, not by a file.
A parent that is new itself stands in an earlier row and has begun. A row may say of which day's map it speaks: what is
known is compared as it was called that day.
"""

from datetime import date

from gateway.roster.cells import coded
from gateway.roster.files import (
    AREA,
    AS_OF,
    LATITUDE,
    LEVEL,
    LONGITUDE,
    PARENT,
    PLACE_KIND,
    TIERS,
    UNIT,
    UNIT_NAME,
    VALID_FROM,
)
from gateway.roster.reading import Asked, Reading
from gateway.units import Unit
from services.kernel.csv_rows import BadCell, Row
from services.kernel.identifiers import derived_id
from services.kernel.tiers import above, of_digits, tier, tiers

LOWEST, HIGHEST = 6, 24
WESTERNMOST, EASTERNMOST = 102, 118
"""Degrees within which the registry takes a unit: Vietnam with its islands."""
MOST_KM2 = 400_000

_REORGANISE = "muốn đổi phải lập tổ chức lại đơn vị hành chính (reorganise), không đổi bằng tệp"
_LEFT = "tệp không sửa đơn vị đã có"


def register_unit(row: Row, reading: Reading) -> list[Asked]:
    """What the row asks for: nothing when it is known just so. Raises `BadCell`."""
    told, parent = _told(row, reading)
    reading.once(row, UNIT, "unit", told.unit)
    found = reading.known.units.by_id(told.unit, told.as_of)
    if found is not None:
        _just_so(found, told, reading)
        return []
    if parent is None:
        raise BadCell(LEVEL, "tỉnh, thành phố mới không nhập bằng tệp này")
    _may_begin(told, parent, reading.today)
    reading.known.units.add(told)
    return [Asked("register_unit", told.unit, _registering(told))]


def _told(row: Row, reading: Reading) -> tuple[Unit, Unit | None]:
    """The unit as the row has it, and the one it lies under: none for a province."""
    day = _optional_day(row, AS_OF) or reading.today
    level = coded(row, LEVEL, TIERS)
    code = _code(row, UNIT, level)
    parent = _parent(row, level, day, reading)
    regime = (parent or _standing(UNIT, code, level, day, reading)).regime
    told = Unit(
        unit=str(derived_id("unit", regime, level, code)),
        regime=regime,
        code=code,
        name=row.text(UNIT_NAME),
        level=level,
        kind=row.text(PLACE_KIND),
        parent=None if parent is None else parent.unit,
        valid_from=row.day(VALID_FROM),
        valid_to=None,
        lat=_number(row, LATITUDE, LOWEST, HIGHEST),
        lon=_number(row, LONGITUDE, WESTERNMOST, EASTERNMOST),
        area_km2=_number(row, AREA, 0, MOST_KM2),
        as_of=day,
    )
    if told.area_km2 == 0:
        raise BadCell(AREA, "phải lớn hơn 0; chưa biết thì để trống")
    return told, parent


def _code(row: Row, column: str, level: str) -> str:
    code = row.text(column)
    of = tier(level)
    if not (len(code) == of.digits and code.isascii() and code.isdigit()):
        raise BadCell(column, f"mã cấp {of.word} phải có đúng {of.digits} chữ số (giữ cả số 0 ở đầu)")
    return code


def _parent(row: Row, level: str, day: date, reading: Reading) -> Unit | None:
    higher = above(level)
    if tier(level).alone and not (row.cells[PARENT] and higher):
        if row.cells[PARENT]:
            raise BadCell(PARENT, "tỉnh, thành phố không có đơn vị cấp trên")
        return None
    code = row.text(PARENT)
    plain = code.isascii() and code.isdigit()
    found = of_digits(len(code), higher) if plain else None
    if found is None:
        if plain and of_digits(len(code), tiers()):
            raise BadCell(PARENT, "đơn vị cấp trên phải thuộc cấp cao hơn")
        codes = " hoặc ".join(f"mã {each.word} ({each.digits} chữ số)" for each in tiers()[:-1])
        raise BadCell(PARENT, f"phải là {codes}, giữ cả số 0 ở đầu")
    return _standing(PARENT, code, found.code, day, reading)


def _standing(column: str, code: str, level: str, day: date, reading: Reading) -> Unit:
    found = reading.known.units.standing(code, level, day)
    if found is None:
        rule = f"không có đơn vị mang mã này vào ngày {day:%d/%m/%Y}, hoặc không thuộc phạm vi của Ông/Bà"
        raise BadCell(column, rule)
    return found


def _just_so(found: Unit, told: Unit, reading: Reading) -> None:
    """Raises `BadCell` when the row says something else than what is known; what it leaves out it does not deny."""
    if found.parent != told.parent:
        if not reading.known.mine(reading.known.connection, found.unit):
            raise BadCell(UNIT, "mã này là của một đơn vị ngoài phạm vi của Ông/Bà")
        raise BadCell(PARENT, f"đơn vị này đã có dưới đơn vị cấp trên khác; {_REORGANISE}")
    if found.valid_to is not None and found.valid_to < told.as_of:
        raise BadCell(UNIT, f"đơn vị mang mã này chỉ có hiệu lực đến ngày {found.valid_to:%d/%m/%Y}")
    if found.name != told.name:
        raise BadCell(UNIT_NAME, f"đơn vị này đã có với tên khác; {_REORGANISE}")
    if found.kind != told.kind:
        raise BadCell(PLACE_KIND, f"đơn vị này đã có với loại khác; {_REORGANISE}")
    if found.valid_from != told.valid_from:
        raise BadCell(VALID_FROM, f"đơn vị này đã có với ngày khác; {_LEFT}")
    for column, there, said in (
        (LATITUDE, found.lat, told.lat),
        (LONGITUDE, found.lon, told.lon),
        (AREA, found.area_km2, told.area_km2),
    ):
        if said not in (None, there):
            raise BadCell(column, f"đơn vị này đã có với số khác; {_LEFT}")


def _may_begin(told: Unit, parent: Unit, today: date) -> None:
    """Raises `BadCell` for what a new unit lacks, and for a parent under which it would not lie."""
    if told.valid_from is None:
        raise BadCell(VALID_FROM, "không được để trống")
    first, last = parent.valid_from or date.min, parent.valid_to or date.max
    if not first <= today <= last:
        raise BadCell(PARENT, "hôm nay đơn vị cấp trên này không có hiệu lực")
    if told.valid_from < first:
        raise BadCell(VALID_FROM, f"không được trước ngày {first:%d/%m/%Y}, khi đơn vị cấp trên có hiệu lực")
    if told.valid_from > last:
        raise BadCell(VALID_FROM, f"không được sau ngày {last:%d/%m/%Y}, khi đơn vị cấp trên hết hiệu lực")
    if (told.lat is None) != (told.lon is None):
        raise BadCell(LATITUDE if told.lat is None else LONGITUDE, "vĩ độ và kinh độ phải ghi cùng nhau")


def _registering(told: Unit) -> dict[str, object]:
    names = ("regime", "code", "name", "level", "kind", "parent", "lat", "lon", "area_km2")
    said = {name: value for name in names if (value := getattr(told, name)) is not None}
    return said | {"valid_from": None if told.valid_from is None else told.valid_from.isoformat()}


def _number(row: Row, column: str, low: float, high: float) -> float | None:
    return row.number(column, low, high) if row.cells.get(column) else None


def _optional_day(row: Row, column: str) -> date | None:
    return row.day(column) if row.cells.get(column) else None
