"""Logs: one event a line on the error stream, JSON unless a person looks; output stays for what was asked.

Values of messages, forms and variables never go in: events carry ids, names of types and counts.
"""

import logging
import sys

import structlog


def start_logging(level: str) -> None:
    """Set up structlog and the standard library's logging; an unknown level means INFO (settings will refuse it)."""
    number = getattr(logging, level, logging.INFO)
    for_people = sys.stderr.isatty()
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if for_people:
        renderer = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    # What these say at every failed attempt, the caller says once, and better.
    for name in ("aiormq", "aio_pika", "amqp"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
