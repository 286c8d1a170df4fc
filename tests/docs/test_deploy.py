"""What deploy/ and docs/howto/deploy.md say agrees with itself, with the settings, and with real commands."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
import yaml

from hotplate import config
from hotplate.cli import group
from tests.docs import deployed
from tests.docs.deployed import DEPLOY, PAGE, ROOT

FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
BROKERS = ("rabbitmq", "redis", "")
ALL = {"compose": deployed.compose, "kubernetes": deployed.kubernetes, "systemd": deployed.systemd}
MARGIN_S = 5.0


@pytest.mark.parametrize("argv", deployed.command_lines(), ids=shlex.join)
def test_each_command_line_is_one_that_the_program_takes(argv: list[str]) -> None:
    program, *args = argv
    if program == "gunicorn":
        from gunicorn.config import Config

        assert Config().parser().parse_args(args)
    elif program == "celery":
        from celery.bin.celery import celery

        at = next(at for at, word in enumerate(args) if word in celery.commands)
        assert args[:at][::2] == ["-A"]
        worker = celery.commands[args[at]]
        worker.make_parser(click.Context(worker)).parse_args(args[at + 1 :])  # its defaults need the application
    else:
        parse(group, args)


def parse(command: click.Command, args: list[str]) -> None:
    """Take the command line apart as the command would. Fails if it would be refused."""
    context = click.Context(command)
    _, rest, _ = command.make_parser(context).parse_args(list(args))
    if isinstance(command, click.Group):
        _, found, rest = command.resolve_command(context, rest)
        assert found
        found.make_context(found.name, rest)


@pytest.mark.parametrize("path", [*FILES, PAGE], ids=lambda path: path.name)
def test_each_setting_that_is_named_is_one(path: Path) -> None:
    named = set(re.findall(r"\bHOTPLATE_[A-Z]+(?:_[A-Z]+)*", path.read_text("utf-8")))
    assert named <= {*config.KEYS, config.APP_KEY}


@pytest.mark.parametrize("name", ALL)
def test_the_settings_are_allowed(name: str) -> None:
    for part in ALL[name]().values():
        assert config.load({}, part.environ).access == "accounts"
        assert all(isinstance(value, str) for value in part.environ.values())


def test_the_lines_that_are_commented_out_in_the_environment_are_allowed() -> None:
    text = re.sub(r"^#(?=[A-Z])", "", deployed.text("systemd/hotplate.env"), flags=re.MULTILINE)
    settings = config.load({}, deployed.assignments(text))
    assert settings.database_url.startswith("postgresql://")
    assert settings.broker_url.startswith("amqps://")


@pytest.mark.parametrize("name", ALL)
def test_time_to_stop_suffices(name: str) -> None:
    from gunicorn.config import Config

    parts = ALL[name]()
    grace = config.load({}, parts["worker"].environ).grace
    assert parts["worker"].stop_s is not None
    assert parts["worker"].stop_s >= grace + MARGIN_S
    assert parts["web"].stop_s is not None
    assert parts["web"].stop_s >= Config().graceful_timeout + MARGIN_S


@pytest.mark.parametrize("name", ["compose", "kubernetes"])
def test_checks_look_at_the_file_that_the_node_keeps(name: str) -> None:
    worker = ALL[name]()["worker"]
    file = worker.argv[worker.argv.index("--ready-file") + 1]
    assert worker.checks
    assert all(check[-1] == file for check in worker.checks)


def test_all_mean_the_same_port() -> None:
    bound = re.compile(r"(?:-b|--bind) [\d.]+:(?:\$\{PORT:-)?(\d+)")
    lines = [shlex.join(each()["web"].argv) for each in ALL.values()]
    lines += [deployed.procfile()["web"].argv[2], *(" ".join(argv) for argv in deployed.command_lines())]
    found = {port for line in lines for port in bound.findall(line)}
    found |= {rest for word, rest in deployed.instructions() if word == "EXPOSE"}
    found |= set(re.findall(r"server 127.0.0.1:(\d+);", deployed.text("nginx.conf")))
    web = deployed.compose_services()["web"]
    found |= {mapping.rpartition(":")[2] for mapping in web["ports"]}
    found |= {str(urlsplit(web["healthcheck"]["test"][-1]).port)}
    (container,) = deployed.kubernetes_objects()["Deployment", "app-web"]["spec"]["template"]["spec"]["containers"]
    assert found | {str(port["containerPort"]) for port in container["ports"]} == {"8000"}


@pytest.mark.parametrize("broker", BROKERS)
def test_addresses_in_compose_are_those_of_its_services(broker: str) -> None:
    services = deployed.compose_services(broker)
    environ = deployed.compose(broker)["worker"].environ
    database = urlsplit(environ["HOTPLATE_DATABASE_URL"])
    given = services[database.hostname or ""]["environment"]
    assert (database.username, database.password) == (given["POSTGRES_USER"], given["POSTGRES_PASSWORD"])
    assert database.path == f"/{given['POSTGRES_DB']}"
    if not broker:
        assert not environ["HOTPLATE_BROKER_URL"]
        return
    address = urlsplit(environ["HOTPLATE_BROKER_URL"])
    service = services[address.hostname or ""]
    assert service["profiles"] == [deployed.dot_env(broker)["COMPOSE_PROFILES"]] == [broker]
    known = service["environment"]
    assert address.password in known.values()
    assert (address.username or None) == known.get("RABBITMQ_DEFAULT_USER")


def test_what_compose_names_is_there() -> None:
    whole = yaml.safe_load(deployed.text("compose.yaml"))
    services = whole["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert "healthcheck" in service or service["restart"] == "no"
    mounted = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert mounted == set(whole["volumes"])
    needed = {name for name, kind in re.findall(r"\$\{(\w+):([-?])", deployed.text("compose.yaml")) if kind == "?"}
    assert needed == set(deployed.PASSWORDS)
    assert needed <= set(deployed.assignments(deployed.text(".env.example")))


def test_no_service_is_published_besides_the_web_one_for_this_machine() -> None:
    services = deployed.compose_services()
    assert [name for name, service in services.items() if "ports" in service] == ["web"]
    assert services["web"]["ports"] == ["127.0.0.1:8000:8000"]


@pytest.mark.parametrize("name", ["app-web", "app-worker"])
def test_what_a_deployment_names_is_there(name: str) -> None:
    objects = deployed.kubernetes_objects()
    spec = objects["Deployment", name]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    for source in container["envFrom"]:
        kind, reference = next(iter(source.items()))
        assert ({"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind], reference["name"]) in objects
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert deployed.image_environ()["HOTPLATE_DATA"] in [mount["mountPath"] for mount in container["volumeMounts"]]
    assert ("USER", str(pod["securityContext"]["runAsUser"])) in deployed.instructions()
    assert f"--uid {pod['securityContext']['runAsUser']}" in deployed.text("Dockerfile")


def test_what_else_kubernetes_names_is_there() -> None:
    objects = deployed.kubernetes_objects()
    service = objects["Service", "app-web"]["spec"]
    web = objects["Deployment", "app-web"]["spec"]["template"]
    assert service["selector"] == web["metadata"]["labels"]
    assert service["ports"][0]["targetPort"] in [port["name"] for port in web["spec"]["containers"][0]["ports"]]
    target = objects["HorizontalPodAutoscaler", "app-worker"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) in objects
    assert objects["PodDisruptionBudget", "app-web"]["spec"]["selector"]["matchLabels"] == service["selector"]
    (rule,) = objects["Ingress", "app"]["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert ("Service", path["backend"]["service"]["name"]) in objects
    assert rule["host"] == objects["ConfigMap", "app"]["data"]["HOTPLATE_HOSTS"]


def test_the_proxy_takes_what_the_settings_allow() -> None:
    units = {"k": 1024, "m": 1024**2, "g": 1024**3}
    usual = config.Settings()
    allowed = {"HOTPLATE_MAX_BODY": usual.max_body, "HOTPLATE_MAX_FILE": usual.max_file}
    said = re.findall(r"client_max_body_size (\d+)([kmg]);\s+# (\w+)", deployed.text("nginx.conf"))
    assert {name: int(number) * units[unit] for number, unit, name in said} == allowed
    annotations = deployed.kubernetes_objects()["Ingress", "app"]["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == "1g"


def test_all_mean_the_same_host_name() -> None:
    names = set(re.findall(r"server_name (.*?);", deployed.text("nginx.conf")))
    names |= {deployed.dot_env()["HOTPLATE_HOSTS"]}
    names |= {part.environ["HOTPLATE_HOSTS"] for name in ALL for part in ALL[name]().values()}
    assert names == {"app.example.org"}


@pytest.mark.parametrize("name", ["web", "worker"])
def test_systemd_takes_the_units(name: str, tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not there")
    unit = tmp_path / f"hotplate-{name}.service"
    text = deployed.text(f"systemd/{unit.name}")
    (program,) = re.findall(r"^ExecStart=(\S+)", text, re.MULTILINE)
    unit.write_text(text.replace(program, shutil.which("true") or "/bin/true"))
    made = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    said = [line for line in (made.stdout + made.stderr).splitlines() if unit.name in line]
    assert (said, made.returncode) == ([], 0), made.stderr


def test_units_share_what_web_processes_and_node_share() -> None:
    web, worker = deployed.unit("web"), deployed.unit("worker")
    own = {"Type", "ExecStart", "ExecReload", "TimeoutStopSec", "OOMPolicy", "MemoryMax", "CPUWeight"}
    assert {k: v for k, v in web.items() if k not in own} == {k: v for k, v in worker.items() if k not in own}
    environ = deployed.systemd()["worker"].environ
    assert environ["HOTPLATE_DATA"] == f"/var/lib/{worker['StateDirectory']}"
    assert environ["XDG_RUNTIME_DIR"] == f"/run/{worker['RuntimeDirectory']}"
    assert worker["RuntimeDirectoryPreserve"] == "yes"  # or the one that stops takes it from the other


def test_the_node_ends_its_own_workers_and_jobs_may_start_processes() -> None:
    worker = deployed.unit("worker")
    assert (worker["KillMode"], worker["Restart"], worker["OOMPolicy"]) == ("mixed", "always", "continue")
    assert not {"MemoryDenyWriteExecute", "ProcSubset", "SystemCallFilter", "LimitNPROC"} & set(worker)


def test_the_image_has_the_python_and_the_gunicorn_that_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    listed = {re.sub(r"^.*:: ", "", each) for each in project["project"]["classifiers"]}
    images = {rest.split()[0] for word, rest in deployed.instructions() if word == "FROM"}
    assert {re.sub(r"python:([\d.]+)-slim", r"\1", image) for image in images} <= listed
    wanted = deployed.text("requirements.txt").split()
    assert any(each.startswith(wanted[1]) for each in project["dependency-groups"]["dev"])
    assert wanted[0].removeprefix("hotplate[").rstrip("]") in project["project"]["optional-dependencies"]


def test_each_file_is_on_the_page_and_the_page_names_no_other() -> None:
    named = set(re.findall(r"`deploy/([\w./-]+)`", PAGE.read_text("utf-8")))
    there = {str(path.relative_to(DEPLOY)) for path in FILES} - {".dockerignore"}
    assert there == {name for name in named if not name.endswith("/")}


def test_nothing_secret_is_in_the_files() -> None:
    assert set(deployed.assignments(deployed.text(".env.example")).items()) >= {(n, "") for n in deployed.PASSWORDS}
    passwords = set()
    for path in FILES:
        with suppress(UnicodeDecodeError):
            passwords |= set(re.findall(r"://\w*:([^@\s]+)@", path.read_text("utf-8")))
    assert {word for word in passwords if "$" not in word} == {"CHANGE-ME", "PASSWORD"}
