"""The GraphQL schema, a file an area; `root` puts it together.

Types read what `gateway`'s read models answer and hold no rule of their own. Names are English, descriptions are for
the developers of officials' tools.
"""
