"""A Python that has imported the SDK already, for tests that start many programs.

Starting an interpreter and importing the SDK is nine tenths of a small run. `serve` does both once and forks for each start; `bin/python`
below the folder it is given looks to the engine like a virtualenv's interpreter. It asks the server for a fork, lends it its own files,
waits for the exit status, and takes the forked process along when it dies itself.

    python warm_python.py serve FOLDER
    python warm_python.py ask FOLDER -u .../guard.py ENGINE_PID PIPE_FD (script FILE | module NAME) [ARGUMENT ...]
"""

from __future__ import annotations

import array
import json
import os
import socket
import sys

LONGEST_REQUEST_BYTES = 1 << 20


def ask(folder: str, arguments: list[str]) -> int:
    """Run what the engine wants run → its exit status."""
    kind, target, *rest = arguments[4:]
    request = {
        "kind": kind,
        "target": target,
        "arguments": rest,
        "folder": os.getcwd(),  # noqa: PTH109 - pathlib would be half of what this process imports
        "env": dict(os.environ),
    }
    server = socket.socket(socket.AF_UNIX)
    server.connect(f"{folder}/socket")
    server.sendmsg(
        [json.dumps(request).encode()],
        [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))],
    )
    server.shutdown(socket.SHUT_WR)
    for descriptor in (1, 2):
        os.close(descriptor)  # or the engine would wait for their end as long as this process lives
    status = server.recv(16)
    return int(status) if status else 1


def serve(folder: str) -> None:
    """Fork for every request, for ever."""
    import runpy
    import select
    import signal
    import threading

    import dill  # noqa: F401 - as `python -m pulumi.dynamic` does
    import pulumi.dynamic  # noqa: F401
    import yaml  # noqa: F401 - imported by the SDK when it first needs it

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/socket.new")
    listener.listen()
    os.rename(f"{folder}/socket.new", f"{folder}/socket")  # noqa: PTH104
    while True:
        client, _ = listener.accept()
        data, files, _, _ = socket.recv_fds(client, LONGEST_REQUEST_BYTES, 3)
        while more := client.recv(LONGEST_REQUEST_BYTES):
            data += more
        if os.fork():
            client.close()
            for descriptor in files:
                os.close(descriptor)
            continue
        listener.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        request = json.loads(data)
        for number, descriptor in enumerate(files):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["env"])
        # A program that is edited within a second and keeps its size would be run as it was before.
        sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
        sys.argv = [request["target"], *request["arguments"]]
        sys.path[0] = request["folder"]

        def end_with_client(client: socket.socket = client) -> None:
            gone = select.poll()
            gone.register(client, 0)  # a hang-up is always told; the end of what it sends isn't one
            gone.poll()
            os._exit(1)

        threading.Thread(target=end_with_client, daemon=True).start()
        status = 0
        try:
            if request["kind"] == "module":
                runpy.run_module(request["target"], run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(request["target"], run_name="__main__")
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            sys.excepthook(*sys.exc_info())
            status = 1
        sys.stdout.flush()
        sys.stderr.flush()
        client.sendall(str(status).encode())
        os._exit(status)


if __name__ == "__main__":
    what, where, *others = sys.argv[1:]
    if what == "serve":
        serve(where)
    else:
        sys.exit(ask(where, others))
