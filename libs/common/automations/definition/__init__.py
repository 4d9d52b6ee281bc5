"""The automation document: what may stand in it, what each action takes and leaves, and whether it is right.

    validated = validate_document(raw)     # every problem at once, each with a JSON pointer
    validated.document                     # as written, with an id on each action; None if there are problems

Nothing here reads a clock, a file or the network.
"""

from automations.definition.actions import ACTION_TYPES, catalogue
from automations.definition.actions.action_type import ActionType, Output, Params
from automations.definition.document import (
    DOCUMENT_FIELDS,
    REQUEST_FIELDS,
    Action,
    AutomationDocument,
    Trigger,
    compile_trigger,
    document_of,
    load_document,
)
from automations.definition.reading import ReadError, read_json, read_yaml
from automations.definition.validation import Validated, validate_document

__all__ = [
    "ACTION_TYPES",
    "DOCUMENT_FIELDS",
    "REQUEST_FIELDS",
    "Action",
    "ActionType",
    "AutomationDocument",
    "Output",
    "Params",
    "ReadError",
    "Trigger",
    "Validated",
    "catalogue",
    "compile_trigger",
    "document_of",
    "load_document",
    "read_json",
    "read_yaml",
    "validate_document",
]
