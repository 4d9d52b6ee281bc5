"""What the system does with memory: takes it back after a burst, and keeps it in large pages where asked to.

The interpreter's allocator and the C library keep what was freed. In a long quiet time that is memory which others
could use; while there is work, giving it back and asking for it again would only cost time.
"""

import asyncio
import ctypes
import gc
import re
import time
from pathlib import Path
from typing import Final

_LOOK_SECONDS: Final = 5.0
_QUIET_SHARE: Final = 0.1
"""A process that used no more than this share of a processor did nothing worth mentioning."""

_MAPS: Final = Path("/proc/self/maps")
_ANONYMOUS: Final = re.compile(r"(?P<first>[0-9a-f]+)-(?P<until>[0-9a-f]+) rw-p 00000000 00:00 0\s*(\[heap\])?$")
_LARGE_BYTES: Final = 2 * 1024 * 1024
_MADV_HUGEPAGE: Final = 14
_MADV_COLLAPSE: Final = 25
"""Numbers of Linux's `madvise`; the second is known from Linux 6.1 on, and refused before."""


async def keep_giving_back() -> None:
    """Give memory back whenever the process falls quiet, until cancelled."""
    has_worked = False
    while True:
        used = time.process_time()
        await asyncio.sleep(_LOOK_SECONDS)
        if time.process_time() - used > _QUIET_SHARE * _LOOK_SECONDS:
            has_worked = True
        elif has_worked:
            has_worked = False
            give_back()


def give_back() -> None:
    """Collect garbage and give free memory back, where the C library can (glibc); takes some milliseconds."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def use_large_pages() -> int:
    """Have the system keep this process's memory in large pages, where it can (Linux); return how many bytes it does.

    For memory that is looked at here and there, as an index of 100,000 automations is: the processor finds its way in
    few large pages, and loses it in tens of thousands of small ones. Takes some tenths of a second for 300 MB.
    """
    madvise = getattr(ctypes.CDLL(None, use_errno=True), "madvise", None)
    if madvise is None or not _MAPS.exists():
        return 0
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    collapsed = 0
    for line in _MAPS.read_text().splitlines():
        found = _ANONYMOUS.match(line)
        if found is None:
            continue
        first = -(-int(found["first"], 16) // _LARGE_BYTES) * _LARGE_BYTES
        size = int(found["until"], 16) // _LARGE_BYTES * _LARGE_BYTES - first
        if size > 0 and madvise(first, size, _MADV_HUGEPAGE) == 0 and madvise(first, size, _MADV_COLLAPSE) == 0:
            collapsed += size
    return collapsed
