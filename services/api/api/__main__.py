"""`python -m api` serves; `python -m api create-key NAME` makes an API key and prints it, once."""

import argparse
import asyncio
import sys

from api.access.caller import ROLES
from api.access.store import KeyStore
from api.app import MIGRATIONS, SCHEMA, service
from api.settings import Settings
from automations.contracts.events import DEFAULT_TENANT
from automations.messaging.connection import KafkaSettings
from automations.migrations import migrate
from automations.postgres import PostgresSettings, open_pool
from automations.service import run_service


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m api", description="The api of Automations.")
    commands = parser.add_subparsers(dest="command")
    create_key = commands.add_parser("create-key", help="make an API key and print it; it is shown only now")
    create_key.add_argument("name", help="what the key is for")
    create_key.add_argument("--role", choices=ROLES, default="admin")
    create_key.add_argument("--tenant", default=DEFAULT_TENANT)
    arguments = parser.parse_args()
    if arguments.command == "create-key":
        sys.stdout.write(asyncio.run(_create_key(arguments)) + "\n")
        return
    settings = Settings()
    try:
        settings.refuse_open_network()
    except ValueError as error:
        sys.exit(str(error))
    run_service("api", service(settings, PostgresSettings(), KafkaSettings()), settings)


async def _create_key(arguments: argparse.Namespace) -> str:
    postgres = PostgresSettings()
    await migrate(postgres, SCHEMA, MIGRATIONS)
    async with open_pool(postgres, SCHEMA, size=1) as pool:
        key, _kept = await KeyStore(pool).create(arguments.tenant, arguments.name, arguments.role, "command line")
    return key


if __name__ == "__main__":
    main()
