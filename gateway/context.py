"""One request: who asks, at what instant, on which snapshot; and the loaders that turn many look-ups into one query."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from graphene.utils.dataloader import DataLoader
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway.errors import Forbidden, Unauthenticated
from gateway.parts import GatewayParts
from gateway.viewer import Role, Scope, Viewer, scope_of
from services.kernel.clock import business_date

T = TypeVar("T")


@dataclass
class Context:
    """What resolvers get as `info.context`. `connection` is the query's one read snapshot, None in mutations."""

    parts: GatewayParts
    viewer: Viewer | None
    now: datetime
    correlation_id: UUID
    connection: Connection | None = None
    _loaders: dict[Hashable, DataLoader] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The date in Vietnam."""
        return business_date(self.now)

    @cached_property
    def scope(self) -> Scope:
        """What the viewer may see. Raises `Unauthenticated`."""
        return scope_of(self.require(), self.today)

    def require(self, *roles: Role) -> Viewer:
        """The viewer, in one of these roles if any are named. Raises `Unauthenticated`, `Forbidden`."""
        if self.viewer is None:
            raise Unauthenticated
        if roles and self.viewer.role not in roles:
            raise Forbidden
        return self.viewer

    def read(self, function: Callable[..., T], *arguments: Any) -> T:
        """Ask a read model on this request's snapshot."""
        if self.connection is None:
            raise RuntimeError("only queries have a snapshot")
        return function(self.connection, *arguments)

    def load(
        self, function: Callable[..., Mapping[str, T]], key: str, *arguments: Hashable, missing: Any = None
    ) -> Awaitable[T]:
        """`function(connection, keys, *arguments)[key]`, asked once for all keys that come up together."""
        name = (function, *arguments)
        if name not in self._loaders:

            async def batch(keys: list[str]) -> list[Any]:
                found = self.read(function, keys, *arguments)
                return [found.get(each, missing) for each in keys]

            self._loaders[name] = DataLoader(batch_load_fn=batch)
        loaded: Awaitable[T] = self._loaders[name].load(key)
        return loaded


def context_of(info: GraphQLResolveInfo) -> Context:
    """The context of the request a field is resolved for."""
    context: Context = info.context
    return context


def once(ask: Callable[[], T]) -> Awaitable[T]:
    """The answer of one look-up as something several fields may wait for."""
    answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    try:
        answer.set_result(ask())
    except Exception as error:
        answer.set_exception(error)
    return answer
