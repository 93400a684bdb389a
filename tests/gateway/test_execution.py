"""Queries run one after the other on loops that are kept: nothing of one must reach into the next."""

import asyncio
from typing import Any

import pytest
from graphql import ExecutionResult, build_schema

from gateway.context import Context
from gateway.documents import Documents
from gateway.execution import Runner
from gateway.freshness import Freshness
from services.kernel.identifiers import new_id
from tests.gateway.asking import NOW, Gateway


@pytest.mark.parametrize("times", [1, 30])
def test_what_a_failed_query_left_unfinished_ends_with_it(edge: Gateway, times: int) -> None:
    schema = build_schema("type Query { broken: Int! endless: Int! fine: Int! }")
    ended: list[str] = []

    async def broken(*_: Any) -> int:
        await asyncio.sleep(0)
        raise LookupError

    async def endless(*_: Any) -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("endless")
            raise
        return 1

    async def fine(*_: Any) -> int:
        await asyncio.sleep(0)
        return 2

    assert schema.query_type is not None
    for resolver in (broken, endless, fine):
        schema.query_type.fields[resolver.__name__].resolve = resolver
    documents, runner = Documents(schema, introspection=False), Runner(schema, Freshness(edge.parts.database))

    async def ask(text: str) -> ExecutionResult:
        document = documents.get(text)
        context = Context(edge.parts, None, NOW, new_id())
        return await runner.run(document, document.operation(None), {}, context, "")

    async def ask_all() -> list[ExecutionResult]:
        return await asyncio.gather(*(ask(text) for text in ["{ broken endless }", "{ fine }"] * times))

    answers = asyncio.run(ask_all())
    assert [answer.data for answer in answers] == [None, {"fine": 2}] * times
    assert ended == ["endless"] * times
