"""The fictional companies, people and queues that the demo CRM begins with. No such company exists.

They are there before the first event: seeding publishes nothing.
"""

from collections.abc import Mapping

from demo_crm.changes import decide_creation
from demo_crm.tables import Tables

USERS = (
    ("user-ines", "Inês Carvalho", "ines.carvalho@example.com"),
    ("user-tomasz", "Tomasz Wilk", "tomasz.wilk@example.com"),
    ("user-priya", "Priya Raman", "priya.raman@example.com"),
    ("user-malik", "Malik Osei", "malik.osei@example.com"),
    ("user-greta", "Greta Lindholm", "greta.lindholm@example.com"),
)
QUEUES = (("tier-1", "Tier 1 support"), ("tier-2", "Tier 2 support"), ("deal-desk", "Deal desk"))

_ACCOUNTS: tuple[dict[str, object], ...] = (
    {
        "id": "account-harbourline",
        "name": "Harbourline Freight",
        "industry": "Logistics",
        "type": "customer",
        "region": "EMEA",
    },
    {
        "id": "account-quillmark",
        "name": "Quillmark Press",
        "industry": "Publishing",
        "type": "customer",
        "region": "EMEA",
    },
    {"id": "account-saltmeadow", "name": "Saltmeadow Dairy", "industry": "Food", "type": "partner", "region": "AMER"},
    {
        "id": "account-orchardbyte",
        "name": "Orchardbyte Software",
        "industry": "Software",
        "type": "prospect",
        "region": "APAC",
    },
)
_CONTACTS: tuple[dict[str, object], ...] = (
    {
        "id": "contact-dalia",
        "name": "Dalia Benhaddou",
        "email": "dalia@harbourline.example.com",
        "account_id": "account-harbourline",
    },
    {
        "id": "contact-ruben",
        "name": "Ruben Ackermann",
        "email": "ruben@quillmark.example.com",
        "account_id": "account-quillmark",
    },
    {
        "id": "contact-noor",
        "name": "Noor Petrossian",
        "email": "noor@saltmeadow.example.com",
        "account_id": "account-saltmeadow",
    },
    {
        "id": "contact-elio",
        "name": "Elio Tanaka",
        "email": "elio@orchardbyte.example.com",
        "account_id": "account-orchardbyte",
    },
)
_CASES: tuple[dict[str, object], ...] = (
    {
        "id": "case-101",
        "name": "Two shipments show the wrong terminal",
        "priority": "high",
        "status": "new",
        "queue": "tier-1",
        "contact": "dalia",
    },
    {
        "id": "case-102",
        "name": "Invoice copy for March",
        "priority": "low",
        "status": "working",
        "queue": "tier-1",
        "contact": "ruben",
    },
    {
        "id": "case-103",
        "name": "Cold-chain alerts arrive an hour late",
        "priority": "medium",
        "status": "new",
        "queue": "tier-2",
        "contact": "noor",
    },
)
_OPPORTUNITIES: tuple[dict[str, object], ...] = (
    {
        "id": "opportunity-201",
        "name": "Fleet tracking renewal",
        "stage": "proposal",
        "amount": 48000,
        "account_id": "account-harbourline",
        "owner": "ines",
    },
    {
        "id": "opportunity-202",
        "name": "Digital archive, first phase",
        "stage": "qualification",
        "amount": 17500,
        "account_id": "account-quillmark",
        "owner": "tomasz",
    },
    {
        "id": "opportunity-203",
        "name": "Plant roll-out, three sites",
        "stage": "prospecting",
        "amount": 126000,
        "account_id": "account-saltmeadow",
        "owner": "priya",
    },
    {
        "id": "opportunity-204",
        "name": "Team licence, forty seats",
        "stage": "negotiation",
        "amount": 22800,
        "account_id": "account-orchardbyte",
        "owner": "ines",
    },
)
STAGES = ("prospecting", "qualification", "proposal", "negotiation", "closed_won", "closed_lost")
PRIORITIES = ("low", "medium", "high", "critical")


def save_seed(tables: Tables, now: str) -> None:
    """Save the beginning, unless users show that it is there already."""
    if tables.load_users():
        return
    for user_id, name, address in USERS:
        tables.save_user(user_id, name, address)
    for queue_id, name in QUEUES:
        tables.save_queue(queue_id, name)
    accounts = {str(account["id"]): account for account in _ACCOUNTS}
    contacts = {str(contact["id"]): contact for contact in _CONTACTS}
    for account in _ACCOUNTS:
        _save(tables, "account", account, now)
    for contact in _CONTACTS:
        _save(tables, "contact", contact, now)
    for case in _CASES:
        contact = contacts[f"contact-{case['contact']}"]
        fields = {name: value for name, value in case.items() if name != "contact"}
        _save(tables, "case", fields | render_contact_fields(contact, accounts), now)
        tables.put_into_queue(str(case["queue"]), "case", str(case["id"]))
    for opportunity in _OPPORTUNITIES:
        account = accounts[str(opportunity["account_id"])]
        owner = next(user for user in USERS if user[0] == f"user-{opportunity['owner']}")
        joined = {"owner": owner[0], "owner_name": owner[1], "owner_email": owner[2], "account_name": account["name"]}
        _save(tables, "opportunity", opportunity | joined, now)


def render_contact_fields(
    contact: Mapping[str, object], accounts: Mapping[str, Mapping[str, object]]
) -> dict[str, object]:
    """Return the fields by which a case names its contact and the contact's account."""
    account = accounts.get(str(contact.get("account_id")), {})
    return {
        "contact_id": contact.get("id"),
        "contact_name": contact.get("name"),
        "contact_email": contact.get("email"),
        "account_id": contact.get("account_id"),
        "account_name": account.get("name"),
    }


def _save(tables: Tables, record_type: str, fields: Mapping[str, object], now: str) -> None:
    record_id = str(fields["id"])
    tables.save_record(record_type, decide_creation(record_type, record_id, fields, now).record)
