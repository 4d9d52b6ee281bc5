"""What a newcomer finds on the first start: sample automations, and a few events of the demo CRM that start them.

Only an empty product is given samples, and only one whose effects all stay with the demo: with a CRM, mail server or
Slack of one's own nothing is written there unasked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import httpx

from automations_cli.api_client import ApiClient
from automations_cli.failures import CommandFailed

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "automations"
"""The samples of the checkout. An installation without it has none."""
OWN_COUNTERPARTS = ("CRM_URL", "SMTP_HOST", "SLACK_WEBHOOK_URL")
_ANSWER_SECONDS = 10.0

EVENTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "POST",
        "/records/case",
        {
            "name": "Loading bay scanners are offline",
            "priority": "critical",
            "status": "new",
            "origin": "web",
            "contact_id": "contact-dalia",
            "contact_name": "Dalia Benhaddou",
            "contact_email": "dalia@harbourline.example.com",
            "account_id": "account-harbourline",
            "account_name": "Harbourline Freight",
        },
    ),
    ("PATCH", "/records/opportunity/opportunity-204", {"stage": "closed_won"}),
    ("PATCH", "/records/opportunity/opportunity-201", {"stage": "negotiation"}),
)
"""What happens in the demo CRM: each starts one of the samples, another one each; the last one waits for a person."""


def choose_reason_against(environment: Mapping[str, str]) -> str | None:
    """Return why the environment wants no samples; None where it does."""
    own = [name for name in OWN_COUNTERPARTS if environment.get(name)]
    if own:
        return f"{' and '.join(own)} {'is' if len(own) == 1 else 'are'} set, and samples would write there"
    if environment.get("AUTH") == "required" and not environment.get("AUTOMATIONS_API_KEY"):
        return "AUTH=required, and AUTOMATIONS_API_KEY holds no key"
    return None


def add_samples(api_url: str, demo_crm_url: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Register the samples and let something happen, if nothing is registered yet; returns what is to be said."""
    files = sorted(FOLDER.glob("*.yaml"))
    reason = choose_reason_against(environment)
    if not files or reason:
        return f"No samples were added: {reason}." if reason else None
    try:
        with ApiClient(api_url, environment.get("AUTOMATIONS_API_KEY")) as api:
            if api.list_automations(limit=1):
                return None
            names = [
                str(api.create_automation(file.read_bytes(), media_type="application/yaml").get("name"))
                for file in files
            ]
        for method, path, fields in EVENTS:
            answer = httpx.request(
                method, f"{demo_crm_url}{path}", json=fields, timeout=_ANSWER_SECONDS, trust_env=False
            )
            answer.raise_for_status()
    except (CommandFailed, httpx.HTTPError, OSError) as error:
        return f"The samples could not all be added: {error}"
    listed = ", ".join(f"“{name}”" for name in names)
    return f"Added {len(names)} sample automations, and events that start them: {listed} (--no-samples: none)"
