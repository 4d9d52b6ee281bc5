"""Finding an automation by what a person calls it: its id or its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from automations_cli.failures import CommandFailed, NotThere

if TYPE_CHECKING:
    from automations_cli.api_client import ApiClient, JsonObject


def load_named(api: ApiClient, name: str) -> JsonObject:
    """Return the automation of that id or name.

    Raises:
        NotThere: there is none.
        CommandFailed: several have the name.
    """
    try:
        return api.load_automation(name)
    except NotThere:
        return choose_named(api.list_automations(), name)


def choose_named(automations: Iterable[JsonObject], name: str) -> JsonObject:
    """Return the automation of that name; capitals matter only where names differ in nothing else.

    One that is archived is found only if no other has the name.

    Raises: as `load_named`.
    """
    alike = [one for one in automations if str(one.get("name", "")).casefold() == name.casefold()]
    for found in (
        [one for one in alike if one.get("name") == name and one.get("status") != "archived"],
        [one for one in alike if one.get("status") != "archived"],
        alike,
    ):
        if len(found) == 1:
            return found[0]
        if found:
            raise CommandFailed(
                f"{len(found)} automations are called {name!r}; name one by its id.",
                [f"{one['id']}  {one.get('status')}" for one in found],
            )
    raise NotThere(f"There is no automation {name!r}.")


def names_by_id(automations: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what each automation is called."""
    return {str(one["id"]): str(one.get("name", "")) for one in automations}
