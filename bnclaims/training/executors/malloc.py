"""Memory that is freed after a step and needed by the next one stays with the process."""

from __future__ import annotations

import ctypes
import os
from functools import lru_cache
from typing import Final

# From glibc's malloc.h, with what each is set to: no blocks of their own from the kernel, nothing
# given back below 2 GiB, and 256 MiB asked for at a time.
_M_MMAP_MAX: Final = -4
_M_TRIM_THRESHOLD: Final = -1
_M_TOP_PAD: Final = -2
_SETTINGS: Final = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 256 * 2**20))


@lru_cache(maxsize=1)
def keep_freed_memory() -> bool:
    """Whether the C library now keeps what is freed; it is asked only once.

    By default glibc gives large blocks back to the kernel, which clears them page by page when they
    are needed again: ten thousand pages a step at 64 pixels. Settings of the user in ``MALLOC_*`` or
    ``GLIBC_TUNABLES`` stand, and so does another allocator.
    """
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return False
    # Only glibc has it, and a preloaded allocator makes it a call without effect.
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if set_option is None:
        return False
    return all(set_option(option, value) == 1 for option, value in _SETTINGS)
