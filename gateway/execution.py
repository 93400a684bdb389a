"""Running one valid operation: queries on one snapshot in a thread of their own, mutations on the event loop.

A query's thread has an event loop of its own, so that loaders gather look-ups; no database call ever runs on the
server's loop. What a client did wrong is told with its code; what we did wrong is told as an id, and logged.
"""

import asyncio
import weakref
from typing import Any

import anyio
import anyio.to_thread
import structlog
from graphql import (
    DocumentNode,
    ExecutionContext,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    default_field_resolver,
    default_type_resolver,
    execute,
)
from graphql.execution.execute import CollectedErrors
from graphql.execution.values import get_argument_values, get_variable_values

from gateway.context import Context
from gateway.documents import BadDocument, Document, is_query
from gateway.errors import GatewayError
from gateway.freshness import Freshness, read_tokens
from gateway.limits import check_cost

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 8
"""Queries that may hold a database connection at the same time."""


class _Coerced(ExecutionContext):
    """Takes variables as they were coerced once, before their cost was counted: a batch of visits has many."""

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        raw_variable_values: dict[str, Any] | None = None,
        *_: Any,
        **__: Any,
    ) -> ExecutionContext:
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        operation, coerced = (raw_variable_values or {}).values()
        return cls(
            schema,
            fragments,
            root_value,
            context_value,
            operation,
            coerced,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            CollectedErrors(),
            None,
            None,
        )


class Runner:
    """Executes operations of one schema. Belongs to one event loop."""

    def __init__(self, schema: GraphQLSchema, freshness: Freshness) -> None:
        self._schema = schema
        self._freshness = freshness
        self._limiter: anyio.CapacityLimiter | None = None
        self._loops: list[asyncio.SelectorEventLoop] = []
        """Those no query runs on just now: making one takes as long as a small query."""
        weakref.finalize(self, _close, self._loops)

    async def run(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        variables: dict[str, Any],
        context: Context,
        after: str,
    ) -> ExecutionResult:
        """The result. Raises `BadDocument` for variables that do not fit, `GatewayError` for limits and waits."""
        coerced = get_variable_values(self._schema, operation.variable_definitions, variables, max_errors=10)
        if isinstance(coerced, list):
            raise BadDocument(coerced, "INVALID_INPUT")
        check_cost(self._schema, document.ast, operation, coerced)
        await self._freshness.wait(read_tokens([after, *self._tokens(operation, coerced)]))
        if not is_query(operation):
            return await self._execute(document, operation, coerced, context)
        self._limiter = self._limiter or anyio.CapacityLimiter(MOST_AT_ONCE)
        return await anyio.to_thread.run_sync(self._query, document, operation, coerced, context, limiter=self._limiter)

    def _query(
        self, document: Document, operation: OperationDefinitionNode, variables: dict[str, Any], context: Context
    ) -> ExecutionResult:
        with context.parts.database.read() as connection:
            context.connection = connection
            try:
                loop = self._loops.pop()
            except IndexError:
                loop = asyncio.SelectorEventLoop()
            try:
                return loop.run_until_complete(self._execute(document, operation, variables, context))
            finally:
                _cancel_what_is_left(loop)
                self._loops.append(loop)

    async def _execute(
        self, document: Document, operation: OperationDefinitionNode, variables: dict[str, Any], context: Context
    ) -> ExecutionResult:
        given = {"operation": operation, "variables": variables}
        result = execute(self._schema, document.ast, None, context, given, execution_context_class=_Coerced)
        return result if isinstance(result, ExecutionResult) else await result

    def _tokens(self, operation: OperationDefinitionNode, variables: dict[str, Any]) -> list[str]:
        """The `afterToken` arguments of root fields written directly in the operation."""
        root = self._schema.get_root_type(operation.operation)
        found = []
        for node in operation.selection_set.selections:
            if root is None or not isinstance(node, FieldNode):
                continue
            definition = root.fields.get(node.name.value)
            if definition is not None and "afterToken" in definition.args:
                values = get_argument_values(definition, node, variables)
                found.append(values.get("after_token") or values.get("afterToken") or "")
        return found


def _cancel_what_is_left(loop: asyncio.SelectorEventLoop) -> None:
    """A field that failed leaves its neighbours unfinished; they must not go on within somebody else's query."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))


def _close(loops: list[asyncio.SelectorEventLoop]) -> None:
    for loop in loops:
        loop.close()


def told(error: GraphQLError, correlation_id: object, code: str = "INVALID_INPUT") -> dict[str, Any]:
    """An error as the client sees it: a stable code, and nothing of our insides."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):  # a scalar that did not take what it was given
        cause = cause.original_error
    if cause is None:
        return {**error.formatted, "extensions": {"code": code}}
    formatted: dict[str, Any] = {**error.formatted}
    if isinstance(cause, GatewayError):
        formatted["message"] = cause.message
        formatted["extensions"] = {"code": cause.stable_code} | ({"field": cause.field} if cause.field else {})
        return formatted
    log.error("query_failed", error=type(cause).__name__, path=error.path, correlation_id=str(correlation_id))
    formatted["message"] = "Lỗi nội bộ. Xin báo người vận hành kèm mã trong `id`."
    formatted["extensions"] = {"code": "INTERNAL", "id": str(correlation_id)}
    return formatted
