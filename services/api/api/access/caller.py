"""Who is calling, and what that allows."""

from dataclasses import dataclass
from typing import Literal

from automations.contracts.events import DEFAULT_TENANT

Role = Literal["viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "editor", "admin")


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller of one tenant; a role includes the ones before it: viewer, editor, admin."""

    tenant_id: str
    name: str
    role: Role
    key_id: str | None = None

    def may_act_as(self, role: Role) -> bool:
        """Whether the caller's role includes the given one."""
        return ROLES.index(self.role) >= ROLES.index(role)


EVERYBODY = Caller(DEFAULT_TENANT, "local", "admin")
"""Whoever reaches an open api."""
