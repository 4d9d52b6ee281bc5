"""A service of a running product that a test can have crash at a named point, and come back."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import asyncpg

from automations.durable_points import DurablePoint
from automations_cli.services import SERVICES, render_environment
from embedded.ports import find_free
from tests.support.consumer_groups import dismiss_members
from tests.support.crashing_service import CRASHED, arm, crashed_at
from tests.support.product import Product
from tests.support.service_process import ServiceProcess

Crashing = Literal["executor", "api"]

_GROUPS: Final[Mapping[Crashing, tuple[str, ...]]] = {
    "executor": ("executor", "executor-inputs"),
    "api": ("api-history", "api-inbox", "api-samples"),
}
_EXPIRE: Final = "UPDATE executor.processes SET alive_until = clock_timestamp() WHERE name = $1"


class CrashableService:
    """Takes the place of the product's own process of a service, at the same address."""

    def __init__(self, name: Crashing, product: Product, folder: Path, env: Mapping[str, str]) -> None:
        [spec] = [spec for spec in SERVICES if spec.name == name]
        addresses = product.stack.addresses
        [any_port] = find_free(1)
        port = spec.fixed_port(addresses) if spec.fixed_port else any_port
        settings = render_environment(spec, addresses, port, inherited={}, given=env)
        self._name: Crashing = name
        self._product = product
        self._folder = folder
        self._process = ServiceProcess("tests.support.crashing_service", settings, name, str(folder))

    async def take_its_place(self) -> None:
        """Stop the product's own process in order, and start this one."""
        await self._product.halt(self._name)
        await self._process.start()

    async def give_its_place_back(self) -> None:
        """End this process, and start the product's own one again."""
        if self._process.exit_status is None:
            await self._process.stop()
        else:
            await self._bury()
        await self._product.restart(self._name)

    def arm(self, point: DurablePoint) -> None:
        """Have the process end when it next passes the point."""
        arm(self._folder, point)

    async def until_crashed(self, point: DurablePoint) -> None:
        """Return once the process has ended at this very point."""
        assert await self._process.until_ended() == CRASHED
        assert crashed_at(self._folder) == point

    async def come_back(self) -> None:
        """Start the process again; what others would notice of the dead one after 10 s, they notice at once."""
        await self._bury()
        await self._process.start()

    async def _bury(self) -> None:
        await dismiss_members(self._product.kafka_bootstrap_servers, *_GROUPS[self._name])
        if self._name == "executor":
            connection = await asyncpg.connect(self._product.stack.addresses.database_url)
            try:
                await connection.execute(_EXPIRE, f"{socket.gethostname()}:{self._process.pid}")
            finally:
                await connection.close()
