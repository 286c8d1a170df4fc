"""Who may knock at a door at all: host names, origins (CORS), and the Caller that a request makes.

Looked at before a body is read. What a browser sends for a page (`Host`, `Origin`, `Sec-Fetch-Site`) protects the
people who have that page open; it says nothing about other clients, for which there are Callers.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from ipaddress import ip_address
from wsgiref.types import WSGIEnvironment

from msgspec.structs import replace

from ..caller import ANONYMOUS, OPEN, Caller
from ..config import Settings
from ..errors import printable
from .links import opened

Headers = list[tuple[str, str]]

log = logging.getLogger("hotplate")

DEV_KEY = "HOTPLATE_DEV"
"""Set to 1 in the environment by `hotplate dev` and `hotplate demo`, whose servers listen on loopback."""

FORWARDING = frozenset(
    "HTTP_" + header
    for header in (
        "FORWARDED",
        "VIA",
        "X_FORWARDED_FOR",
        "X_FORWARDED_HOST",
        "X_FORWARDED_PORT",
        "X_FORWARDED_PREFIX",
        "X_FORWARDED_PROTO",
        "X_FORWARDED_SERVER",
        "X_REAL_IP",
        "X_CLIENT_IP",
        "TRUE_CLIENT_IP",
        "CF_CONNECTING_IP",
    )
)
"""Headers that a proxy adds: whoever calls is not the peer."""

PREFLIGHT_AGE = 86400
"""Seconds for which a browser may remember that it may call."""

_REMEMBERED = 256
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]*)?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Refused(Exception):
    """A request that is not let in: the status and a sentence for whoever reads the answer."""

    def __init__(self, status: str, reason: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(reason)


class Guard:
    """Lets requests in, or not, by the settings of one application.

    names: host names it is known by besides those of HOTPLATE_HOSTS (Flask's SERVER_NAME).
    """

    def __init__(self, settings: Settings, names: Iterable[str] = ()) -> None:
        self._hosts = frozenset(name.lower() for name in (*settings.hosts, *names))
        self._origins = frozenset(settings.origins)
        self._is_open = settings.access == "open"
        self._is_dev = os.environ.get(DEV_KEY) == "1"
        self._known: set[str] = set()
        self._said = False

    def admit(self, environ: WSGIEnvironment) -> Caller:
        """The Caller of a request. Raises `Refused` for a foreign host or origin."""
        host = environ.get("HTTP_HOST", "")
        if host not in self._known:
            self._check_host(host, environ)
        if "HTTP_ORIGIN" in environ or "HTTP_SEC_FETCH_SITE" in environ:
            self._check_origin(environ)
        if self._is_open:
            return OPEN
        caller = self._identify(environ)
        if caller.operator or "HTTP_COOKIE" not in environ:
            return caller
        return replace(caller, shares=opened(environ))

    def cors_headers(self, environ: WSGIEnvironment) -> Headers:
        """What an admitted request's answer says about origins: the caller's own, by name, if it is a foreign one."""
        if not self._origins:
            return []
        origin = environ.get("HTTP_ORIGIN", "").lower()
        if origin not in self._origins:
            return [("Vary", "Origin")]
        return [
            ("Vary", "Origin"),
            ("Access-Control-Allow-Origin", environ["HTTP_ORIGIN"]),
            ("Access-Control-Allow-Credentials", "true"),
        ]

    def preflight_headers(self, environ: WSGIEnvironment, methods: str) -> Headers:
        """The answer to an admitted OPTIONS request (Fetch standard, CORS-preflight fetch)."""
        headers = [("Allow", methods), *self.cors_headers(environ)]
        if "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ and len(headers) > 2:
            headers += [
                ("Access-Control-Allow-Methods", methods),
                ("Access-Control-Allow-Headers", "Content-Type, Authorization, Last-Event-ID"),
                ("Access-Control-Max-Age", str(PREFLIGHT_AGE)),
            ]
        return headers

    def _check_host(self, host: str, environ: WSGIEnvironment) -> None:
        name = _without_port(host.lower())
        own = {name, host.lower()} & self._hosts
        if not (own or is_loopback(name) or _is_bound_address(name, environ)):
            raise Refused(
                "421 Misdirected Request",
                f"this server is not called {printable(host[:100])!r}; HOTPLATE_HOSTS lists its names",
            )
        if len(self._known) < _REMEMBERED:
            self._known.add(host)

    def _check_origin(self, environ: WSGIEnvironment) -> None:
        origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE", "")
        if origin is None:
            if site == "cross-site" and not _is_navigation(environ):
                raise Refused("403 Forbidden", "a page of another site may not call")
        elif origin.lower() not in self._origins and not _is_same_origin(origin.lower(), site, environ):
            raise Refused(
                "403 Forbidden",
                f"pages of the origin {printable(origin[:100])!r} may not call; HOTPLATE_ORIGINS lists those that may",
            )

    def _identify(self, environ: WSGIEnvironment) -> Caller:
        """The developer at this very machine on a development server, else somebody unknown."""
        is_dev = self._is_dev or environ.get("SERVER_SOFTWARE", "").startswith("Werkzeug/")
        if is_dev and is_local(environ):
            return OPEN
        if not self._said:
            self._said = True
            log.warning(
                "functions that are not public answer 401: HOTPLATE_ACCESS is 'accounts' and there are no accounts; "
                "set HOTPLATE_ACCESS=open to let everybody call everything (said once)"
            )
        return ANONYMOUS


def is_loopback(name: str) -> bool:
    """Whether a host name or address, without port, is this very machine's loopback."""
    if name == "localhost":
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def is_local(environ: WSGIEnvironment) -> bool:
    """Whether somebody on this very machine asks for this very machine, not a proxy for somebody else."""
    return (
        is_loopback(environ.get("REMOTE_ADDR", ""))
        and is_loopback(_without_port(environ["HTTP_HOST"].lower()))
        and FORWARDING.isdisjoint(environ)
    )


def _is_bound_address(name: str, environ: WSGIEnvironment) -> bool:
    # Only an address counts: it cannot be made to point elsewhere, and some servers fill in SERVER_NAME from Host.
    if name != environ.get("SERVER_NAME"):
        return False
    try:
        return not ip_address(name).is_unspecified
    except ValueError:
        return False


def _without_port(host: str) -> str:
    """The name in a Host header, empty if it is none."""
    match = _HOST.fullmatch(host)
    return match[1] if match else ""


def _is_same_origin(origin: str, site: str, environ: WSGIEnvironment) -> bool:
    scheme, _, netloc = origin.partition("://")
    default_port = _DEFAULT_PORTS.get(scheme)
    if default_port is None or netloc.removesuffix(default_port) != environ["HTTP_HOST"].lower().removesuffix(
        default_port
    ):
        return False
    # behind a proxy that ends TLS the schemes differ: then the browser's own word counts, which no page can set
    return scheme == environ.get("wsgi.url_scheme") or site == "same-origin"


def _is_navigation(environ: WSGIEnvironment) -> bool:
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
