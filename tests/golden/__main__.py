"""Write the golden files and names that are missing; never touch those that are there."""

import orjson

from tests.golden import NAMES, event_classes, examples, golden_file


def main() -> None:
    """Add what is missing and say what was added."""
    for service in sorted({service for service, _ in event_classes()}):
        for example in examples(service):
            path = golden_file(service, example.name, example.schema_version)
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                body = orjson.loads(example.model_dump_json())
                path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
                print(f"new: {path.relative_to(path.parent.parent)}")  # noqa: T201 - a tool for the hand
    known = NAMES.read_text(encoding="utf-8").split() if NAMES.exists() else []
    names = sorted({*known, *(event_class.name for _, event_class in event_classes())})
    NAMES.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


if __name__ == "__main__":
    main()
