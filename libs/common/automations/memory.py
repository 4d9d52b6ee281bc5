"""Gives memory back to the system after a burst: what thousands of runs took is not kept for the next thousands.

The interpreter's allocator and the C library keep what was freed. In a long quiet time that is memory which others
could use; while there is work, giving it back and asking for it again would only cost time.
"""

import asyncio
import ctypes
import gc
import time
from typing import Final

_LOOK_SECONDS: Final = 5.0
_QUIET_SHARE: Final = 0.1
"""A process that used no more than this share of a processor did nothing worth mentioning."""


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
