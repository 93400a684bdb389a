"""Residents' difficulties in GraphQL: codes, places and dates; what was written is read through `readCase`."""

from collections.abc import Awaitable
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, select

from gateway import cases, units
from gateway.context import context_of, once
from gateway.errors import NotFound
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.units import Unit
from gateway.unit_tree import belonging


class CaseStatus(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """Where a case stands."""

    RECEIVED = "received"
    ANSWERED = "answered"


class Case(ObjectType):
    """One difficulty."""

    id = graphene.ID(required=True)
    category = graphene.String(required=True, description="code of the catalogue of difficulties")
    service = graphene.String(description="code of the catalogue of services")
    commune = graphene.Field(Unit, required=True, description="the one it belongs to today")
    body = graphene.String(required=True, description="code of the body responsible")
    severity = graphene.String(required=True, description="S0 (urgent) to S3")
    channel = graphene.String(required=True)
    has_contact = graphene.Boolean(required=True)
    submitted_on = graphene.Date(required=True)
    status = graphene.Field(CaseStatus, required=True)
    answered_on = graphene.Date()
    erased = graphene.Boolean(required=True, description="nobody can read any more who said what")

    @staticmethod
    def resolve_id(case: Any, _info: Any) -> str:
        return str(case.case)

    @staticmethod
    def resolve_commune(case: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(units.homes_by_id, case.commune, context.today)


CaseConnection = connection_of("Case", lambda: Case)


class CaseQueries:
    """Root fields of cases."""

    cases = graphene.Field(
        CaseConnection,
        required=True,
        status=CaseStatus(),
        category=graphene.String(),
        unit=graphene.String(description="id or today's code"),
        after_token=graphene.String(),
        **page_arguments(),
        description="the newest first",
    )
    case = graphene.Field(Case, id=graphene.ID(required=True), after_token=graphene.String())

    @staticmethod
    def resolve_cases(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        status: Any = None,
        category: str | None = None,
        unit: str | None = None,
        **_: Any,
    ) -> Listing:
        context = context_of(info)
        wanted, visible, table = slice_of(first, after), context.scope.cases, cases.LIVE.cases.c
        within: list[ColumnElement[bool]] = []
        if status is not None:
            within.append(table.status == status.value)
        if category is not None:
            within.append(table.category == category.replace("\0", ""))
        if unit is not None:
            tree = belonging([context.read(unit_id_of, unit, context.today)], context.today)
            within.append(table.commune.in_(select(tree.c.unit)))
        return Listing(
            lambda: once(lambda: context.read(cases.cases_page, visible, within, wanted)),
            lambda: once(lambda: context.read(cases.cases_count, visible, within)),
        )

    @staticmethod
    def resolve_case(_root: None, info: GraphQLResolveInfo, id: str, **_: Any) -> Any:  # noqa: A002
        context = context_of(info)
        found = context.read(cases.case_by_id, id_of(id, "id"), context.scope.cases)
        if found is None:
            raise NotFound
        return found
