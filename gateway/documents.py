"""Documents, parsed and validated once and kept: the larger part of what a small query costs."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)

from gateway.errors import TooMuch
from gateway.limits import MOST_DOCUMENT_BYTES, MOST_TOKENS, check_shape

KEPT = 500
MOST_ERRORS = 10


class BadDocument(Exception):
    """The document cannot run; `errors` say why, `code` whether parsing, validating or a limit refused it."""

    def __init__(self, errors: list[GraphQLError], code: str) -> None:
        super().__init__(code)
        self.errors = errors
        self.code = code


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document."""

    ast: DocumentNode

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run. Raises `BadDocument` when the name chooses none."""
        operations = [d for d in self.ast.definitions if isinstance(d, OperationDefinitionNode)]
        if name is None and len(operations) == 1:
            return operations[0]
        for operation in operations:
            if name is not None and operation.name is not None and operation.name.value == name:
                return operation
        problem = "Must name an operation of the document." if name is None else "No operation has this name."
        raise BadDocument([GraphQLError(problem)], "OPERATION_NOT_FOUND")


class Documents:
    """The valid documents used last. Thread-safe."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool) -> None:
        self._schema = schema
        self._rules = [*specified_rules, *([] if introspection else [NoSchemaIntrospectionCustomRule])]
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._lock = Lock()

    def get(self, text: str) -> Document:
        """The document, checked. Raises `BadDocument`, `TooMuch`."""
        with self._lock:
            known = self._kept.get(text)
            if known is not None:
                self._kept.move_to_end(text)
                return known
        document = self._check(text)
        with self._lock:
            self._kept[text] = document
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return document

    def _check(self, text: str) -> Document:
        if len(text.encode()) > MOST_DOCUMENT_BYTES:
            raise TooMuch(f"Văn bản GraphQL tối đa {MOST_DOCUMENT_BYTES} byte.", code="TOO_LARGE")
        try:
            ast = parse(text, max_tokens=MOST_TOKENS)
            check_shape(ast)
            errors = validate(self._schema, ast, rules=self._rules, max_errors=MOST_ERRORS)
        except GraphQLError as error:
            raise BadDocument([error], "GRAPHQL_PARSE_FAILED") from None
        except RecursionError:
            raise TooMuch("Văn bản GraphQL lồng nhau quá sâu.", code="TOO_DEEP") from None
        if errors:
            raise BadDocument(errors, "GRAPHQL_VALIDATION_FAILED")
        return Document(ast)


def is_query(operation: OperationDefinitionNode) -> bool:
    """True for operations that only read."""
    return operation.operation is OperationType.QUERY
