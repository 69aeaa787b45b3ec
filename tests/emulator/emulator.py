"""The Lambda Runtime Interface Emulator, which is what `sam local invoke` runs in its container, with a built function."""

import contextlib
import functools
import json
import os
import platform
import socket
import subprocess
import time
import urllib.request
from importlib.metadata import files
from pathlib import Path

# Seconds. The emulator has its sockets open before the function is there.
START_TIME, ANSWER_TIME = 10, 20


def emulator():
    """The emulator in the wheel of the SAM CLI."""
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"aws-lambda-rie-{machine}"
    return next(file.locate() for file in files("aws-sam-cli") if file.name == name)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + START_TIME
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "the emulator does not listen"
            time.sleep(0.05)


def variables(env_file):
    lines = Path(env_file).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def send(port, event):
    url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    with urllib.request.urlopen(url, json.dumps(event).encode(), timeout=ANSWER_TIME) as response:
        # A function that fails or is late is a 200 too, with another body.
        return json.load(response)


@contextlib.contextmanager
def running(bootstrap, env_file):
    """Gives what sends an event to the function and returns its reply. Never two at once: the emulator ends at that."""
    port, runtime_port = free_port(), free_port()
    command = [
        emulator(),
        "--runtime-interface-emulator-address",
        f"127.0.0.1:{port}",
        "--runtime-api-address",
        f"127.0.0.1:{runtime_port}",
        str(Path(bootstrap).resolve()),
    ]
    # Its own log is on stderr, the function's on stdout.
    environment = variables(env_file) | {"PATH": os.environ["PATH"]}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield functools.partial(send, port)
    finally:
        process.kill()
        process.wait()
