"""PostgreSQL refuses to run as root: where the product is started as root, the operating system's user it runs
as instead.

No user is created and nothing becomes readable to others but folders' names on the way to the data and the
programs: folders above them get the right to be passed through, which is said.
"""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from embedded.child import Account
from embedded.report import Report

CANDIDATES = ("postgres", "nobody")


def account_for(data: Path) -> Account | None:
    """Return the user for an engine that may not be root, or None where this process is not root itself.

    Data that exists goes on with its owner; else the user is `postgres` where there is one, and `nobody` otherwise.
    """
    if os.geteuid() != 0:
        return None
    entries = [entry for entry in (_entry(name) for name in CANDIDATES) if entry]
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat().st_uid
        try:
            entries.insert(0, pwd.getpwuid(owner))
        except KeyError:
            return Account(str(owner), owner, data.stat().st_gid)
    if not entries:
        raise RuntimeError(
            "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as. "
            "Start as a plain user, or set DATABASE_URL to use a PostgreSQL of your own."
        )
    return Account(entries[0].pw_name, entries[0].pw_uid, entries[0].pw_gid)


def open_way_to(path: Path, account: Account, report: Report) -> None:
    """Let the account pass through every folder above `path`."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if mode & stat.S_IXOTH or folder.stat().st_uid == account.uid:
            continue
        folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
        report.say(
            f"{folder} may now be passed through by other users: PostgreSQL runs as {account.name}, not as root."
        )


def open_programs_to(install: Path, account: Account, report: Report) -> None:
    """Let the account read and run an installed program, where a strict umask kept it from that."""
    open_way_to(install, account, report)
    for path in [install, *install.rglob("*")]:
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode:
            path.chmod(wanted)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
