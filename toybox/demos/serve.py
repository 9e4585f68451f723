"""Serve the demos to this machine and open one, until interrupted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

APP = Path(__file__).with_name("app.py")
PATIENCE = 60  # seconds until a page server must answer


def serve(query: Mapping[str, Any], port: int | None = None, browser: bool = True) -> int:
    """Open the page of ``query`` (demo, and values of its controls); returns the code with which the server ended.

    Raises ``ValueError`` where the port cannot be had, ``ModuleNotFoundError`` where marimo is not installed.
    """
    with served(port) as (home, server):
        address = home + (f"?{urlencode(query, safe=',')}" if query else "")
        print(f"{address}\nCtrl-C ends it.", flush=True)
        if browser:
            webbrowser.open(address)
        try:
            return server.wait()
        except KeyboardInterrupt:
            return 0


@contextmanager
def served(port: int | None = None) -> Iterator[tuple[str, subprocess.Popen]]:
    """The address of the first page, and the process that serves it, once it answers; ended with the context."""
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
    one_thread = {"OPENBLAS_NUM_THREADS": "1"} | os.environ
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=one_thread) as server:
        try:
            _answers(port, server)
            yield f"http://127.0.0.1:{port}/", server
        finally:
            server.terminate()


def _free(port: int | None) -> int:
    """The port, or any that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port or 0))
        except OSError as error:
            raise ValueError(f"port={port} cannot be had ({error}); accepted: a free port, or none named") from error
        return probe.getsockname()[1]


def _answers(port: int, server: subprocess.Popen) -> None:
    """Wait until the server accepts connections. Raises ``RuntimeError`` where it ends, or takes too long."""
    for _ in range(10 * PATIENCE):
        if server.poll() is not None:
            raise RuntimeError(f"the page server ended with exit code {server.returncode}; what it said stands above")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the page server does not answer on port {port} after {PATIENCE} seconds")
