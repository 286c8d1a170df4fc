"""What the files in deploy/ say, as data: commands, environments, times to stop."""

from __future__ import annotations

import configparser
import re
import shlex
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PAGE = ROOT / "docs/howto/deploy.md"
PROGRAMS = ("hotplate", "gunicorn", "celery")
PASSWORDS = {"POSTGRES_PASSWORD": "secret1", "BROKER_PASSWORD": "secret2"}


@dataclass
class Part:
    """A process of the application, as one of the files describes it.

    stop_s: how long it is given to end; None where the file does not say.
    checks: commands that tell whether it is well. before: what comes to its end before it begins.
    """

    argv: list[str]
    environ: dict[str, str] = field(default_factory=dict)
    stop_s: float | None = None
    checks: list[list[str]] = field(default_factory=list)
    before: list[str] = field(default_factory=list)


Parts = dict[str, Part]


def text(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


def assignments(lines: str) -> dict[str, str]:
    """The variables of a file of `NAME=value` lines, of which comments are left out."""
    found = (line.partition("=") for line in lines.splitlines() if re.match(r"[A-Z]\w*=", line))
    return {name: value.strip('"') for name, _, value in found}


def filled(value: str, environ: dict[str, str]) -> str:
    """Compose's way of filling in: ${NAME}, ${NAME:-default} and ${NAME:?complaint}."""

    def fill(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        given = environ.get(name, "")
        assert given or kind != "?", f"{name}: {rest}"
        return given or (rest if kind == "-" else "")

    return re.sub(r"\$\{(\w+)(?::([-?])([^}]*))?\}", fill, value)


@cache
def dot_env(broker: str = "rabbitmq") -> dict[str, str]:
    """The file .env, filled in, with the lines for one of the brokers, or none ("")."""
    kept = re.sub(r"^#?(COMPOSE_PROFILES|HOTPLATE_BROKER_URL)=.*\n", "", text(".env.example"), flags=re.MULTILINE)
    chosen = re.search(rf"^#?(COMPOSE_PROFILES={broker}\n)#?(HOTPLATE_BROKER_URL=.*\n)", text(".env.example"), re.M)
    assert chosen, broker
    found = assignments(kept + chosen[1] + chosen[2]) | PASSWORDS
    return {name: filled(value, found) for name, value in found.items()}


def compose_services(broker: str = "rabbitmq") -> dict[str, Any]:
    """The services of compose.yaml, with what .env says filled in."""
    services: dict[str, Any] = _filled_within(yaml.safe_load(text("compose.yaml"))["services"], dot_env(broker))
    return services


def _filled_within(value: Any, environ: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled_within(each, environ) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled_within(each, environ) for each in value]
    return filled(value, environ) if isinstance(value, str) else value


def compose(broker: str = "rabbitmq") -> Parts:
    services = compose_services(broker)
    return {
        name: Part(
            argv=services[name]["command"],
            environ=services[name]["environment"],
            stop_s=seconds(services[name]["stop_grace_period"]),
            checks=[services[name]["healthcheck"]["test"][1:]],
            before=services["upgrade"]["command"],
        )
        for name in ("web", "worker")
    }


def kubernetes_objects() -> dict[tuple[str, str], Any]:
    """The objects of kubernetes.yaml by kind and name."""
    objects = list(yaml.safe_load_all(text("kubernetes.yaml")))
    found = {(each["kind"], each["metadata"]["name"]): each for each in objects}
    assert len(found) == len(objects)
    return found


def kubernetes() -> Parts:
    objects = kubernetes_objects()
    parts = {}
    for name in ("web", "worker"):
        pod = objects["Deployment", f"app-{name}"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        environ = {
            **objects["ConfigMap", "app"]["data"],
            **objects["Secret", "app"]["stringData"],
            **{each["name"]: each["value"] for each in container.get("env", [])},
        }
        probes = [probe for key, probe in container.items() if key.endswith("Probe")]
        checks = [probe["exec"]["command"] for probe in probes if "exec" in probe]
        (before,) = pod["initContainers"]
        assert all(before[key] == container[key] for key in ("image", "envFrom", "securityContext"))
        parts[name] = Part(container["args"], environ, pod["terminationGracePeriodSeconds"], checks, before["args"])
    return parts


def unit(name: str) -> dict[str, str]:
    """The [Service] section of a systemd unit."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text(f"systemd/hotplate-{name}.service"))
    return dict(parser["Service"])


def systemd() -> Parts:
    environ = assignments(text("systemd/hotplate.env"))
    parts = {}
    for name in ("web", "worker"):
        service = unit(name)
        program, *args = shlex.split(service["ExecStart"])
        own = dict([service["Environment"].split("=", 1)])
        parts[name] = Part([Path(program).name, *args], environ | own, seconds(service["TimeoutStopSec"]))
    return parts


def procfile() -> Parts:
    lines = (line.partition(":") for line in text("Procfile").splitlines())
    commands = {name: ["sh", "-c", f"exec {command.strip()}"] for name, _, command in lines}
    before = commands.pop("release")
    return {name: Part(argv, before=before) for name, argv in commands.items()}


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, in order."""
    lines = [line for line in text("Dockerfile").splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def image_environ() -> dict[str, str]:
    """The environment in containers of the image."""
    last = max(at for at, (word, _) in enumerate(instructions()) if word == "FROM")
    words = [word for name, rest in instructions()[last:] if name == "ENV" for word in shlex.split(rest)]
    return dict(word.split("=", 1) for word in words)  # type: ignore[misc]


def seconds(given: object) -> float:
    return float(str(given).removesuffix("s"))


def blocks(language: str) -> list[str]:
    """The blocks of one language on the page about deploying."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def command_lines() -> list[list[str]]:
    """Every command line of ours in the files and on the page."""
    parts = [*compose().values(), *kubernetes().values(), *systemd().values()]
    found = [argv for part in parts for argv in (part.argv, part.before, *part.checks)]
    found += [shlex.split(argv[2])[1:] for part in procfile().values() for argv in (part.argv, part.before)]
    shown = "".join(blocks("sh")).replace("\\\n", " ")
    found += [shlex.split(line, comments=True) for line in shown.splitlines()]
    found += [re.findall(r'"([^"]*)"', rest) for word, rest in instructions() if word == "CMD"]
    found.append(["gunicorn", *shlex.split(image_environ()["GUNICORN_CMD_ARGS"])])
    return [argv[start:] for argv in found for start in _starts(argv)]


def _starts(argv: list[str]) -> list[int]:
    """Where a command of ours begins in a command line: at most one place."""
    return [at for at, word in enumerate(argv[:-1]) if word in PROGRAMS][:1]
