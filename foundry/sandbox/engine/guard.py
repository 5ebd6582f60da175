"""Runs a script or module and ends with the engine that started it.

    python guard.py ENGINE_PID PIPE_FD (script FILE | module NAME) [ARGUMENT ...]

Standard library only: it runs in the project's interpreter, which need not have this package.
"""

import ctypes
import gc
import os
import runpy
import signal
import sys
import threading
from pathlib import Path

PR_SET_PDEATHSIG = 1


def end_with(engine: int, pipe: int) -> None:
    """From now on this process ends when `engine` does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != engine:
            os._exit(1)

    def watch() -> None:
        os.read(pipe, 1)  # nobody writes: it returns when the other end is gone
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Take the guard's own arguments off the command line and run the rest."""
    engine, pipe, kind, target = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    end_with(engine, pipe)
    # Nearly all that these processes make lives to their end: looking for garbage in it often is in vain.
    gc.set_threshold(50_000, 20, 50)
    sys.argv = [target, *sys.argv[5:]]
    sys.path[0] = str(Path.cwd())
    if kind == "module":
        runpy.run_module(target, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(target, run_name="__main__")


if __name__ == "__main__":
    main()
