"""The edge: GraphQL for officials over read models of its own, and pages for everybody else.

Owns the gateway database (read models, intake); consumes the events of all four services; sends commands over the bus.
It decides nothing: rules live in the services, what a viewer may see is a condition in every query.
"""
