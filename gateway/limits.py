"""How much one GraphQL request may ask for; each rule is linear in the document, whatever its fragments do.

graphene's own depth rule crashes on cyclic fragments and takes exponential time on doubling ones. Here a fragment is
looked at once for each depth it is used at, and depth is bounded. Shape is checked before validation and cached with
the document; cost depends on variables and is checked for each request, after they are coerced.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.values import get_argument_values

from gateway.errors import TooMuch
from gateway.paging import DEFAULT_FIRST, MAX_FIRST

MOST_BODY_BYTES = 512 * 1024
"""A batch of 500 visits in variables is about 200 kB."""
MOST_DOCUMENT_BYTES = 32 * 1024
MOST_TOKENS = 1000
MOST_DEPTH = 8
MOST_ALIASES = 15
MOST_ROOT_FIELDS = 10
MOST_FIELDS = 250
"""Fields with fragments unfolded; validation compares those of a level in pairs. Introspection by tools takes 220."""
MOST_COST = 10_000
"""Objects an answer may hold at most, lists at their full length."""
LIST_GUESS = 5
"""Objects guessed for a list that takes no `first`, such as the successors of a unit."""
LIST_SIZES = {"TreeNode": 1_500}
"""Likewise for lists known to be long: a province has a thousand hamlets."""
_INTROSPECTION = frozenset({"__schema", "__type"})


def check_shape(document: DocumentNode) -> None:
    """Refuse what is too deep, aliased too often, or asks too many roots. Raises `TooMuch`."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            shape = _Shape(fragments)
            if shape.roots(operation.selection_set, frozenset()) > MOST_ROOT_FIELDS:
                raise TooMuch(f"Tối đa {MOST_ROOT_FIELDS} trường gốc một lần.", code="TOO_MANY_FIELDS")
            fields, aliases = shape.below(operation.selection_set, 1, frozenset())
            if aliases > MOST_ALIASES:
                raise TooMuch(f"Tối đa {MOST_ALIASES} bí danh một lần.", code="TOO_MANY_ALIASES")
            if fields > MOST_FIELDS:
                raise TooMuch(f"Tối đa {MOST_FIELDS} trường một lần.", code="TOO_MANY_FIELDS")


@dataclass
class _Shape:
    """Counts over one operation. A fragment that contains itself counts once; validation refuses it."""

    fragments: Mapping[str, FragmentDefinitionNode]
    _seen: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    _seen_roots: dict[str, int] = field(default_factory=dict)

    def roots(self, selections: SelectionSetNode, inside: frozenset[str]) -> int:
        count = 0
        for node in selections.selections:
            if isinstance(node, InlineFragmentNode):
                count += self.roots(node.selection_set, inside)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in self._seen_roots and name in self.fragments and name not in inside:
                    self._seen_roots[name] = self.roots(self.fragments[name].selection_set, inside | {name})
                count += self._seen_roots.get(name, 0)
            else:
                count += 1
        return min(count, MOST_ROOT_FIELDS + 1)

    def below(self, selections: SelectionSetNode, depth: int, inside: frozenset[str]) -> tuple[int, int]:
        """Fields and aliases at this depth and below, each counted up to just past its limit."""
        fields = aliases = 0
        for node in selections.selections:
            more = (0, 0)
            if isinstance(node, InlineFragmentNode):
                more = self.below(node.selection_set, depth, inside)
            elif isinstance(node, FragmentSpreadNode):
                more = self._spread(node.name.value, depth, inside)
            elif isinstance(node, FieldNode):
                if depth > MOST_DEPTH:
                    raise TooMuch(f"Tối đa {MOST_DEPTH} tầng lồng nhau.", code="TOO_DEEP")
                fields += 1
                aliases += node.alias is not None
                if node.selection_set is not None:
                    # How deep the schema may be asked about itself is a rule of validation.
                    at = -MOST_TOKENS if node.name.value in _INTROSPECTION else depth
                    more = self.below(node.selection_set, at + 1, inside)
            fields = min(fields + more[0], MOST_FIELDS + 1)
            aliases = min(aliases + more[1], MOST_ALIASES + 1)
        return fields, aliases

    def _spread(self, name: str, depth: int, inside: frozenset[str]) -> tuple[int, int]:
        key = (name, depth)
        if key not in self._seen and name in self.fragments and name not in inside:
            self._seen[key] = self.below(self.fragments[name].selection_set, depth, inside | {name})
        return self._seen.get(key, (0, 0))


def check_cost(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> None:
    """Refuse a valid query whose answer could hold too many objects, or whose `first` is too big. Raises `TooMuch`."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    if root is not None and _Cost(fragments, variables).of(root, operation.selection_set) > MOST_COST:
        raise TooMuch(f"Câu hỏi có thể trả về hơn {MOST_COST} mục; hãy giảm `first`.", code="TOO_COSTLY")


@dataclass
class _Cost:
    """Objects asked for. Runs on validated documents only: fragments form no cycle."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    _seen: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, parent: GraphQLObjectType, selections: SelectionSetNode) -> int:
        total = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total += self._field(parent, node)
            elif isinstance(node, InlineFragmentNode):
                total += self.of(parent, node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                key = (node.name.value, parent.name)
                if key not in self._seen:
                    self._seen[key] = self.of(parent, self.fragments[node.name.value].selection_set)
                total += self._seen[key]
        return min(total, MOST_COST + 1)

    def _field(self, parent: GraphQLObjectType, node: FieldNode) -> int:
        definition = parent.fields.get(node.name.value)
        if definition is None or node.selection_set is None:
            return 0
        kind = get_named_type(definition.type)
        if is_leaf_type(kind) or not isinstance(kind, GraphQLObjectType):
            return 0
        inner = self.of(kind, node.selection_set)
        if "first" in definition.args:
            first = get_argument_values(definition, node, dict(self.variables)).get("first")
            size = DEFAULT_FIRST if first is None else first
            if not 1 <= size <= MAX_FIRST:
                raise TooMuch(f"`first` phải từ 1 đến {MAX_FIRST}.", field="first", code="INVALID_INPUT")
            listed = any(name in {"nodes", "edges"} for name in self._names(node.selection_set))
            return min(1 + (size * inner if listed else inner), MOST_COST + 1)
        inner_type = definition.type.of_type if is_non_null_type(definition.type) else definition.type
        is_page = parent.name.endswith(("Connection", "Page"))  # the page's size was counted with its connection
        size = LIST_SIZES.get(kind.name, LIST_GUESS) if is_list_type(inner_type) and not is_page else 1
        return min((1 + inner) * size, MOST_COST + 1)

    def _names(self, selections: SelectionSetNode) -> Iterator[str]:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node.name.value
            elif isinstance(node, InlineFragmentNode):
                yield from self._names(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                yield from self._names(self.fragments[node.name.value].selection_set)
