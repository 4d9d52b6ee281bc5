"""Writes the stored schemas anew: `python -m automations.contracts.schemas`."""

from automations.contracts.schemas import MESSAGES, render_schema, stored_path


def main() -> None:
    """Store the schema of every message."""
    for name, message in MESSAGES.items():
        stored_path(name).write_text(render_schema(message), encoding="utf-8")


if __name__ == "__main__":
    main()
