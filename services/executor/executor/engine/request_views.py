"""What people see of a request: everything that was sent, but for secrets."""

import re
from typing import Any, Final

import msgspec

from executor.actions.requests import Request, WebhookCall

REDACTED: Final = "•••"
_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|password|api[-_]?key|signature", re.IGNORECASE)


def view_request(request: Request) -> dict[str, Any]:
    """Return the request as history shows it, with the headers that carry secrets redacted."""
    if isinstance(request, WebhookCall):
        headers = {name: REDACTED if _SECRET_HEADER.search(name) else value for name, value in request.headers.items()}
        body = {} if request.body is None else {"body": request.body}
        return {"kind": "webhook", "method": request.method, "url": request.url, "headers": headers, **body}
    view: dict[str, Any] = msgspec.to_builtins(request)
    view["kind"] = view.pop("type")
    return view
