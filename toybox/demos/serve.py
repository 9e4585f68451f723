"""Serve the demos to this machine and open one, until interrupted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

APP = Path(__file__).with_name("app.py")
PATIENCE = 60  # seconds until a page server must answer


def serve(query: Mapping[str, Any], port: int | None = None, browser: bool = True) -> int:
    """Open the page of ``query`` (demo, and values of its controls); returns the server's exit code.

    Raises ``ValueError`` where the port is taken, ``ModuleNotFoundError`` where marimo is not installed.
    """
    import marimo  # noqa: F401

    port = _free(port)
    command = [
        sys.executable,
        "-m",
        "marimo",
        "run",
        str(APP),
        "--headless",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    quiet = {"stdout": subprocess.DEVNULL, "env": {"OPENBLAS_NUM_THREADS": "1"} | os.environ}
    with subprocess.Popen(command, **quiet) as server:  # type: ignore[call-overload]
        try:
            if _answers(port, server):
                address = f"http://127.0.0.1:{port}/" + (f"?{urlencode(query, safe=',')}" if query else "")
                print(f"{address}\nCtrl-C ends it.", flush=True)
                if browser:
                    webbrowser.open(address)
            return server.wait()
        finally:
            server.terminate()


def _free(port: int | None) -> int:
    """The port, or any that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port or 0))
        except (OSError, OverflowError) as error:
            raise ValueError(f"port={port} cannot be had ({error}); accepted: a free port, or none named") from error
        return probe.getsockname()[1]


def _answers(port: int, server: subprocess.Popen) -> bool:
    """Wait until the server accepts connections; False where it has ended or takes too long."""
    for _ in range(10 * PATIENCE):
        if server.poll() is not None:
            return False
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False
