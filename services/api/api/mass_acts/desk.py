"""Takes requests for mass acts, and says how far they are."""

import uuid
from typing import Any

from starlette.responses import Response

from api.access.caller import Caller
from api.answers import json_response
from api.mass_acts.performer import MassActPerformer
from api.mass_acts.requests import MOST_RUNS, WantedAct
from api.mass_acts.store import MassActStore, SavedAct, load_act, save_act
from api.problems import not_found, unprocessable
from api.repeats.store import Keep
from api.runs.store import is_uuid
from automations.problems import Problem


class MassActDesk:
    """What a caller can ask of many runs."""

    def __init__(self, store: MassActStore, performer: MassActPerformer) -> None:
        self._store = store
        self._performer = performer

    async def begin(self, caller: Caller, asked: WantedAct, keep: Keep) -> Response:
        """Write an act down with its runs, and answer with it; it is performed from then on.

        Raises:
            Refused: a run that is named does not exist, or more match than one act may have (422).
        """
        if asked.run_ids is not None:
            known = await self._store.find_runs(caller.tenant_id, asked.run_ids)
            unknown = [place for place, each in enumerate(asked.run_ids) if each not in known]
            if unknown:
                raise unprocessable([Problem(f"/runs/{place}", "is no run", "unknown_run") for place in unknown])
        act_id = str(uuid.uuid4())
        async with self._store.connection() as connection, connection.transaction():
            number = await save_act(connection, caller.tenant_id, act_id, caller.name, asked)
            if number > MOST_RUNS:
                message = (
                    f"lets through more than {MOST_RUNS} runs, the most of one act; narrow it, for instance by time"
                )
                raise unprocessable([Problem("/filter", message, "too_many")])
            saved = await load_act(connection, caller.tenant_id, act_id)
            assert saved is not None
            response = json_response(render_act(saved), 201, {"Location": f"/api/v1/mass-acts/{act_id}"})
            await keep(connection, response)
        self._performer.notice()
        return response

    async def show(self, caller: Caller, act_id: str) -> Response:
        """Answer with an act as far as it is.

        Raises:
            Refused: there is none (404).
        """
        saved = await self._store.load(caller.tenant_id, act_id) if is_uuid(act_id) else None
        if saved is None:
            raise not_found(f"mass act {act_id}")
        return json_response(render_act(saved))


def render_act(saved: SavedAct) -> dict[str, Any]:
    """Return an act as REST shows it."""
    act = saved.act
    return {
        "id": str(act["id"]),
        "act": act["act"],
        "reason": act["reason"],
        "status": "under_way" if act["ended_at"] is None else "ended",
        "total": act["total"],
        "done": act["done"],
        "failed": act["failed"],
        "errors": [{"run_id": str(row["run_id"]), "detail": row["detail"]} for row in saved.failures],
        "requested_by": act["requested_by"],
        "requested_at": act["requested_at"],
        "ended_at": act["ended_at"],
    }
