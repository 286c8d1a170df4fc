"""Servers under load: each application in a server process of its own, and requests over several kept connections."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

from msgspec import Struct

CONNECTIONS = 8
WRK = shutil.which("wrk")


class Server(Struct, frozen=True):
    """A server of one process: `command` with {app} and {port}. is_asgi: else it is one for WSGI."""

    name: str
    command: Sequence[str]
    is_asgi: bool = False


AS_SERVED = ("--no-access-log", "--no-proxy-headers", "--no-server-header")
"""What `hotplate serve` does without of uvicorn."""

SERVERS = (
    Server(
        "gunicorn gthread",
        ("-m", "gunicorn", "{app}", "-b", "127.0.0.1:{port}", "-k", "gthread", "--threads", "4", "--no-control-socket"),
    ),
    Server(
        "granian WSGI",
        ("-m", "granian", "{app}", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}", "--no-ws"),
    ),
    Server(
        "uvicorn",
        ("-m", "uvicorn", "{app}", "--port", "{port}", "--log-level", "warning", *AS_SERVED),
        is_asgi=True,
    ),
)


@contextmanager
def serving(server: Server, peers: Sequence[str]) -> Iterator[Mapping[str, int]]:
    """All peers served, each by a process of its own; their ports."""
    with ExitStack() as stack:
        ports = {peer: free_port() for peer in peers}
        for peer, port in ports.items():
            command = [part.format(app=f"benchmarks.answer_apps:{peer}", port=port) for part in server.command]
            output = stack.enter_context(tempfile.TemporaryFile())
            process = subprocess.Popen([sys.executable, *command], stdout=output, stderr=output)
            stack.callback(stop, process)
        for port in ports.values():
            until_open(port)
        yield ports


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def until_open(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"the server at port {port} did not start within 30 s")


def describe() -> str:
    return f"{'wrk' if WRK else 'benchmarks.load'}, {CONNECTIONS} kept connections, on the same machine"


def rate(port: int, body: bytes, duration: float) -> float:
    """Requests answered in a second, over `duration` seconds."""
    if WRK:
        return _rate_by_wrk(WRK, port, body, duration)
    command = [sys.executable, "-m", "benchmarks.load", str(port), str(duration)]
    return float(subprocess.run(command, input=body, capture_output=True, check=True).stdout)


def _rate_by_wrk(wrk: str, port: int, body: bytes, duration: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "post.lua")
        headers = 'wrk.headers["Content-Type"] = "application/json"'
        script.write_text(f'wrk.method = "POST"\n{headers}\nwrk.body = [==[{body.decode()}]==]\n')
        # wrk counts in whole seconds
        command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(duration))}s", "-s", str(script)]
        said = subprocess.run([*command, f"http://127.0.0.1:{port}/rpc"], capture_output=True, check=True, text=True)
    found = re.search(r"Requests/sec:\s*([\d.]+)", said.stdout)
    if found is None or "Non-2xx" in said.stdout:
        raise SystemExit(f"wrk measured nothing:\n{said.stdout}")
    return float(found[1])


def generate(port: int, body: bytes, duration: float) -> float:
    """Requests answered in a second: on each connection the next is sent when an answer is there."""
    head = f"POST /rpc HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    message = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    answered, begun = 0, time.perf_counter()
    with ExitStack() as stack, DefaultSelector() as selector:
        for _ in range(CONNECTIONS):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, EVENT_READ, connection)
            connection.sendall(message)
        while time.perf_counter() - begun < duration:
            for key, _ in selector.select(1):
                _receive(key.data)
                answered += 1
                key.data.sendall(message)
    return answered / (time.perf_counter() - begun)


def _receive(connection: socket.socket) -> None:
    """Read one whole answer."""
    received = connection.recv(1 << 18)
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += connection.recv(1 << 18)
    length = re.search(rb"content-length: *(\d+)", received[:end], re.IGNORECASE)
    if not received.startswith(b"HTTP/1.1 200") or length is None:
        raise SystemExit(f"unexpected answer: {received[:end]!r}")
    left = end + 4 + int(length[1]) - len(received)
    while left > 0:
        left -= len(connection.recv(1 << 18))


if __name__ == "__main__":
    print(generate(int(sys.argv[1]), sys.stdin.buffer.read(), float(sys.argv[2])))
