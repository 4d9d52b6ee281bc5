"""Deterministic identities: the same cause gives the same run, however often it is delivered."""

import hashlib
import re
import uuid
from typing import Literal

Lane = Literal["live", "sandbox"]
"""Where a run belongs: `live` performs its effects, `sandbox` records what it would have done."""

_RUNS = uuid.UUID("5b0d8a6e-6f0b-5a57-9d3c-0a4a3f1f7c11")
_MAIL_SAFE = str.maketrans({":": "/", "[": "{", "]": "}"})
_NOT_MAIL_SAFE = re.compile(r"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RERUN = "rerun:"
_TASKS = uuid.UUID("8f5b7a52-1d0e-5a86-8a43-6a0f7d9e2b40")


def run_id(tenant_id: str, automation_id: str, lane: Lane, cause: str) -> str:
    """Return the run's id; the version is no part of it, so whichever version evaluates first decides."""
    return _uuid5(_RUNS, f"{tenant_id}|{automation_id}|{lane}|{cause}")


def is_run_id(text: str) -> bool:
    """Return whether a text is written as `run_id` writes one: a UUID (RFC 9562) in lower case, with hyphens."""
    return _UUID.fullmatch(text) is not None


def rerun_cause(request: str, run: str) -> str:
    """Return the cause of a run that repeats another, as one request asked for it."""
    return f"{_RERUN}{request}:{run}"


def rerun_of(cause: str) -> str | None:
    """Return the run that a run of this cause repeats; None where it repeats none."""
    if not cause.startswith(_RERUN):
        return None
    run = cause.rpartition(":")[2]
    try:
        return str(uuid.UUID(run))
    except ValueError:
        return None


def task_id(run: str, path: str) -> str:
    """Return the id of the human task that the step at `path` opens."""
    return _uuid5(_TASKS, f"{run}:{path}")


def idempotency_key(run: str, path: str) -> str:
    """Return the key of a step's effect, the same on every attempt."""
    return f"{run}:{path}"


def message_id(key: str) -> str:
    """Return the Message-ID of the mail with that idempotency key; what mail does not allow in one is replaced."""
    left = _NOT_MAIL_SAFE.sub(lambda found: f"={ord(found[0]):x}", key.translate(_MAIL_SAFE))
    return f"<{left}@automations>"


def _uuid5(namespace: uuid.UUID, name: str) -> str:
    """Return the text of `uuid.uuid5`, in a third of its time: every start of a run has one."""
    digest = bytearray(hashlib.sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
