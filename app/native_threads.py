"""Work that waits in the kernel (a disk's sync), done in a native thread so that a serving process's greenlets go on.

Under eventlet and gevent everything of a process runs in one native thread: a call that waits there stops every
consult.
Where threads are native already (worker, DICOM listener, tests) the work is simply done.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def run(work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
    """What `work` returns or raises. It must touch nothing that greenlets share: no locks, no log."""
    # what this process was patched with, not what it was configured for: the listener reads the same environment
    if "eventlet" in sys.modules:
        from eventlet import patcher, tpool

        if patcher.is_monkey_patched("thread"):
            done: Result = tpool.execute(work, *args, **kwargs)
            return done
    if "gevent" in sys.modules:
        import gevent
        from gevent import monkey

        if monkey.is_module_patched("threading"):
            found: Result = gevent.get_hub().threadpool.apply(work, args, kwargs)
            return found
    return work(*args, **kwargs)
