"""Rows by spans of days: each change holds from its day on, whatever came first and however it was batched."""

from hypothesis import given, settings, strategies as st
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, create_engine, select

from services.kernel.spans import Spans

ALWAYS, FOR_EVER = 0, 1000
THINGS = Table(
    "things",
    MetaData(),
    Column("thing", Text, primary_key=True),
    Column("since", Integer, primary_key=True),
    Column("until", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("place", Text, nullable=False),
)


def spans() -> Spans:
    return Spans(THINGS, "thing", ALWAYS, FOR_EVER)


def on(connection: Connection, day: int) -> dict[str, tuple[str, str]]:
    rows = connection.execute(select(THINGS).where(THINGS.c.since <= day, THINGS.c.until > day)).all()
    assert len({row.thing for row in rows}) == len(rows), "two rows of one thing for one day"
    return {row.thing: (row.name, row.place) for row in rows}


changes = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, 5), st.sampled_from(("name", "place")), st.sampled_from("uvwxyz")),
    max_size=10,
)


@settings(max_examples=150, deadline=None)
@given(told=changes, cut=st.integers(1, 11))
def test_a_change_holds_from_its_day_on_whatever_came_first(told: list[tuple[str, int, str, str]], cut: int) -> None:
    engine = create_engine("sqlite://")
    wanted: dict[int, dict[str, dict[str, str]]] = {
        day: {thing: {"name": "", "place": ""} for thing in "ab"} for day in range(7)
    }
    with engine.connect() as connection:
        THINGS.create(connection)
        batch = spans()
        for thing in "ab":
            batch.begin({"thing": thing, "name": "", "place": ""})
        for number, (thing, since, column, value) in enumerate(told, start=1):
            batch.change(thing, {column: value}, since)
            for day in range(since, 7):
                wanted[day][thing][column] = value
            if number % cut == 0:
                batch.write(connection)
                batch = spans()
        batch.write(connection)
        for day, things in wanted.items():
            assert on(connection, day) == {thing: (now["name"], now["place"]) for thing, now in things.items()}
    engine.dispose()


def test_a_change_without_a_day_holds_on_all_of_them() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        THINGS.create(connection)
        batch = spans()
        batch.begin({"thing": "a", "name": "", "place": ""})
        batch.change("a", {"name": "later"}, 5)
        batch.change("a", {"place": "here"})
        batch.change("nobody knows", {"place": "here"})
        batch.write(connection)
        assert (on(connection, 1), on(connection, 5)) == ({"a": ("", "here")}, {"a": ("later", "here")})
        assert on(connection, 9).keys() == {"a"}
    engine.dispose()
