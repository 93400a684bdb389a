"""What every mutation answers."""

import graphene

from gateway.schema.connections import ObjectType, many


class CommandNotice(ObjectType):
    """Something to know about a command that was accepted all the same."""

    code = graphene.String(required=True, description="stable")
    message = graphene.String(required=True)
    field = graphene.String(description="the argument it is about")


class CommandOutcome(ObjectType):
    """Accepted or refused; a refusal names a stable code, the rule in Vietnamese and the input at fault."""

    accepted = graphene.Boolean(required=True)
    id = graphene.ID(description="what the command was about; for a new thing the id it got")
    token = graphene.String(description="give it as `afterToken`, or in X-Causo-After, to read what was written")
    code = graphene.String(description="stable; empty when accepted")
    message = graphene.String()
    field = graphene.String(description="the argument at fault")
    warnings = many(CommandNotice, description="accepted, but the plan or another record says otherwise")
