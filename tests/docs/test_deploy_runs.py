"""What deploy/ has for processes really runs: its command lines, with real servers in place of those that it names."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.docs import deployed
from tests.docs.deployed import DEPLOY, ROOT, Part
from tests.processes import DEADLINE_S, Processes, Server, free_port, until
from tests.servers import Postgres, RabbitMQ, Redis

MIB = 1024**2
HOST = "app.example.org"
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
"""Where programs are found: first of all those of this environment."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the folder, where what is run writes nothing into the project."""
    return shutil.copytree(DEPLOY, tmp_path / "home", ignore=shutil.ignore_patterns("__pycache__"))


class Deployed:
    """Parts of the application as processes, at a port and in folders of their own."""

    def __init__(self, processes: Processes, home: Path) -> None:
        self._processes, self._home, self.port = processes, home, free_port()
        self._data, self._run = home.parent / "var", home.parent / "run"
        self._run.mkdir()

    def here(self, word: str) -> str:
        """A word of a command line or a setting, with places of this test."""
        word = word.replace("8000", str(self.port)).replace("/tmp/ready", f"{self._run}/ready")
        return word.replace("/var/lib/hotplate", str(self._data)).replace("/run/hotplate", str(self._run))

    def start(self, part: Part, **settings: str) -> subprocess.Popen[bytes]:
        """Begin a part; `settings` stand for those of the part that lead elsewhere."""
        environ = {name: self.here(value) for name, value in part.environ.items()} | settings
        environ |= {"PATH": PATH, "PORT": str(self.port)}
        return self._processes.start(*map(self.here, part.argv), cwd=self._home, environ=environ)

    def prepare(self, part: Part, **settings: str) -> None:
        """Do what is done before a part begins."""
        if part.before:
            process = self.start(replace(part, argv=part.before), **settings)
            assert process.wait(DEADLINE_S) == 0, self._processes.output(process)

    def web(self, part: Part, **settings: str) -> Server:
        return self._processes.serve(self.start(part, **settings), self.port)

    def check(self, argv: list[str]) -> None:
        """Run a check until it finds its part to be well."""
        command = [shutil.which(argv[0], path=PATH) or argv[0], *map(self.here, argv[1:])]
        until(lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0, shlex.join(command))


def use(server: Server) -> None:
    """Call a method, and a job that some node executes."""
    said = httpx.post(f"{server.url}/rpc", json={"jsonrpc": "2.0", "id": 1, "method": "hello", "params": ["Ada"]})
    assert said.json()["result"] == "Hello, Ada!"
    started = httpx.post(
        f"{server.url}/rpc", json={"jsonrpc": "2.0", "id": 1, "method": "count_primes", "params": [100]}
    ).json()["result"]
    wait = {"jsonrpc": "2.0", "id": 1, "method": "run.wait", "params": {"id": started["id"]}}
    run = httpx.post(f"{server.url}/rpc", json=wait, timeout=40).json()["result"]
    assert (run["state"], run["result"]) == ("succeeded", 25)


@pytest.fixture
def deployment(processes: Processes, home: Path) -> Deployed:
    return Deployed(processes, home)


def bring_up(deployment: Deployed, parts: deployed.Parts, **settings: str) -> None:
    """Start web and worker, see that they are well and work, and that both end in time when they are told to."""
    for part in parts.values():
        deployment.prepare(part, **settings)
    worker = deployment.start(parts["worker"], **settings)
    server = deployment.web(parts["web"], **settings)
    until(lambda: httpx.get(f"{server.url}/health/ready").json().get("nodes"), "a node")
    for part in parts.values():
        for argv in part.checks:
            deployment.check(argv)
    use(server)
    for process in (server.process, worker):
        process.terminate()
    assert (server.process.wait(30), worker.wait(30)) == (0, 0)


def test_the_procfile_runs_with_postgresql_and_redis(deployment: Deployed, postgres: Postgres, redis: Redis) -> None:
    bring_up(deployment, deployed.procfile(), HOTPLATE_DATABASE_URL=postgres.fresh(), HOTPLATE_BROKER_URL=redis.fresh())


def test_what_compose_runs_works_with_postgresql_and_rabbitmq(
    deployment: Deployed, postgres: Postgres, rabbitmq: RabbitMQ
) -> None:
    bring_up(
        deployment, deployed.compose(), HOTPLATE_DATABASE_URL=postgres.fresh(), HOTPLATE_BROKER_URL=rabbitmq.fresh()
    )


def test_what_kubernetes_runs_works_with_postgresql_alone(deployment: Deployed, postgres: Postgres) -> None:
    bring_up(deployment, deployed.kubernetes(), HOTPLATE_DATABASE_URL=postgres.fresh(), HOTPLATE_BROKER_URL="")


def test_it_works_through_pgbouncer_with_sessions(
    deployment: Deployed, postgres: Postgres, processes: Processes, tmp_path: Path
) -> None:
    if not shutil.which("pgbouncer"):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("pgbouncer is not installed (tools/apt.sh)")
    behind, port = urlsplit(postgres.fresh()), free_port()
    (mode,) = set(re.findall(r"`(pool_mode = \w+)`", deployed.PAGE.read_text("utf-8")))
    (tmp_path / "pgbouncer.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={behind.port} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nauth_type = any\nunix_socket_dir =\n{mode}\n"
    )
    as_another = ["--user", "nobody"] if os.getuid() == 0 else []  # it refuses to run as root
    pooler = processes.start("pgbouncer", *as_another, str(tmp_path / "pgbouncer.ini"))
    until(lambda: " process up" in processes.output(pooler), "pgbouncer")
    url = f"postgresql://postgres@127.0.0.1:{port}{behind.path}"
    bring_up(deployment, deployed.procfile(), HOTPLATE_DATABASE_URL=url)


def test_the_units_run_on_one_machine_without_any_server(deployment: Deployed) -> None:
    bring_up(deployment, deployed.systemd())


def test_a_copy_of_the_record_in_use_has_everything(deployment: Deployed, tmp_path: Path) -> None:
    parts = deployed.systemd()
    deployment.start(parts["worker"])
    use(deployment.web(parts["web"]))
    (command,) = re.findall(r'sqlite3 (\S+) "(VACUUM INTO \'(.*)\')"', "".join(deployed.blocks("sh")))
    record, statement, backup = command
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(deployment.here(record))) as live:
        live.execute(statement.replace(backup, str(copy)))
    with closing(sqlite3.connect(copy)) as read:
        assert read.execute("pragma integrity_check").fetchone() == ("ok",)
        assert read.execute("select job, state from runs").fetchall() == [("count_primes", "succeeded")]


def test_the_queries_of_the_page_are_answered(deployment: Deployed, postgres: Postgres) -> None:
    url = postgres.fresh()
    server = deployment.web(deployed.procfile()["web"], HOTPLATE_DATABASE_URL=url)
    httpx.post(f"{server.url}/rpc", json={"jsonrpc": "2.0", "id": 1, "method": "count_primes"}).raise_for_status()
    (query,) = deployed.blocks("sql")
    with psycopg.connect(url) as connection:
        assert connection.execute(query.encode()).fetchone() == (1,)


@pytest.fixture
def nginx(processes: Processes, tmp_path: Path) -> Iterator[Callable[[int], tuple[httpx.Client, str]]]:
    """Starts nginx with the example's site before a port; a client that trusts it, and its other address, for HTTP."""
    if not (shutil.which("nginx") and shutil.which("openssl")):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("nginx and openssl are needed (tools/apt.sh)")
    clients = []

    def start(port: int) -> tuple[httpx.Client, str]:
        plain, secure = free_port(), free_port()
        places = {"8000": port, "listen 80": f"listen 127.0.0.1:{plain}", "listen 443": f"listen 127.0.0.1:{secure}"}
        configure(tmp_path, places)
        argv = ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")]
        checked = subprocess.run([*argv, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        process = processes.start(*argv)
        trust = ssl.create_default_context(cafile=str(tmp_path / "fullchain.pem"))
        client = httpx.Client(base_url=f"https://{HOST}:{secure}", verify=trust, transport=ToLoopback(verify=trust))
        clients.append(client)
        processes.serve(process, plain)
        return client, f"http://127.0.0.1:{plain}"

    yield start
    for client in clients:
        client.close()


class ToLoopback(httpx.HTTPTransport):
    """Connects to this machine whatever the name; TLS and Host have the name still."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = request.url.host
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


def configure(folder: Path, places: dict[str, object]) -> None:
    """Write the example's site with other places, 6 MiB for files, a certificate, and what stands around a site."""
    site = deployed.text("nginx.conf").replace("/etc/ssl/app", str(folder)).replace("size 1g", "size 6m")
    site = re.sub("|".join(places), lambda found: str(places[found[0]]), site)
    (folder / "site.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; events {{}}\n"
        f"http {{ access_log off;\n{temporary} include {folder}/site.conf; }}\n"
    )
    certify = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout privkey.pem"
    certify += f" -out fullchain.pem -subj /CN={HOST} -addext subjectAltName=DNS:{HOST}"
    subprocess.run(shlex.split(certify), cwd=folder, check=True, capture_output=True)


def test_nginx_before_gunicorn(deployment: Deployed, nginx: Callable[[int], tuple[httpx.Client, str]]) -> None:
    settings = {"HOTPLATE_ACCESS": "open", "HOTPLATE_MAX_FILE": str(6 * MIB)}
    deployment.web(deployed.systemd()["web"], **settings)
    client, plain = nginx(deployment.port)
    call = {"jsonrpc": "2.0", "id": 1, "method": "hello"}

    assert client.post("/rpc", json=call).json()["result"] == "Hello, World!"
    own, foreign = str(client.base_url).rstrip("/"), "https://www.example.com"
    assert client.post("/rpc", json=call, headers={"Origin": own}).status_code == 200
    assert client.post("/rpc", json=call, headers={"Origin": foreign}).status_code == 403
    assert client.post("/rpc", json=call, headers={"Host": "www.example.com"}).status_code == 421
    assert client.post("/rpc", content=b" " * (5 * MIB)).status_code == 413

    content = os.urandom(5 * MIB)
    kept = client.put("/files?name=noise", content=content)
    assert kept.status_code == 201
    assert client.get(kept.json()["url"]).content == content
    assert client.put("/files?name=noise", content=content + bytes(2 * MIB)).status_code == 413

    moved = httpx.get(f"{plain}/console/", headers={"Host": HOST})
    assert (moved.status_code, moved.headers["Location"]) == (301, f"https://{HOST}/console/")


def test_a_development_server_behind_the_proxy_is_no_longer_open(
    processes: Processes, nginx: Callable[[int], tuple[httpx.Client, str]], home: Path
) -> None:
    server = processes.flask("app:app", cwd=home)
    client, _ = nginx(int(server.url.rpartition(":")[2]))
    assert httpx.put(f"{server.url}/files", content=b"x").status_code == 201
    assert client.put("/files", content=b"x", headers={"Host": "localhost"}).status_code == 401


@pytest.mark.timeout(300)  # it installs the application
def test_what_the_image_is_made_of(processes: Processes, home: Path, tmp_path: Path) -> None:
    wheel = [sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--wheel-dir", str(home), str(ROOT)]
    made = {"/venv": str(tmp_path / "venv"), "/build": str(home), "/data": str(tmp_path / "volume")}

    def here(text: str) -> str:
        return re.sub(r"/(?:venv|build|data)\b", lambda found: made[found[0]], text)

    steps = [rest for word, rest in deployed.instructions()[: first_image_end()] if word == "RUN"]
    pip = {"PIP_FIND_LINKS": str(home), "PIP_CONSTRAINT": str(ROOT / "constraints.txt")}
    for step in [shlex.join(wheel), *map(here, steps)]:
        built = subprocess.run(step, shell=True, cwd=home, env={**os.environ, **pip}, capture_output=True, check=False)
        assert built.returncode == 0, f"{step}: {built.stderr.decode()}"

    port = free_port()
    environ = {name: here(value) for name, value in deployed.image_environ().items() if name != "PATH"}
    environ["PATH"] = f"{made['/venv']}/bin{os.pathsep}{os.environ['PATH']}"
    (command,) = [re.findall(r'"([^"]*)"', rest) for word, rest in deployed.instructions() if word == "CMD"]
    web = [f"{made['/venv']}/bin/{command[0]}", *(word.replace("8000", str(port)) for word in command[1:])]
    node = processes.start(f"{made['/venv']}/bin/hotplate", "worker", "app:app", cwd=home, environ=environ)
    server = processes.serve(processes.start(*web, cwd=home, environ=environ), port)
    use(server)
    assert node.poll() is None


def first_image_end() -> int:
    """Where the Dockerfile's first image ends."""
    return [at for at, (word, _) in enumerate(deployed.instructions()) if word == "FROM"][1]
