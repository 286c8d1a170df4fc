"""Bytes to the server and back: addresses, time limits, and what is sent again when the network fails."""

from __future__ import annotations

import builtins
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx

from ..errors import HotplateError, Unavailable

T = TypeVar("T")


class TransportError(HotplateError):
    """No JSON-RPC answer came: the server is out of reach, or something else answers there.

    `status` is the HTTP status, None where there was no HTTP answer.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)

    @property
    def is_passing(self) -> bool:
        """Whether it may be gone in a while: out of reach, or a proxy says that its server restarts."""
        return self.status is None or self.status in _TRY_AGAIN


class TimeoutError(TransportError, builtins.TimeoutError):
    """It took longer than it may: an answer, or a run that is waited for."""


# The connection was not made, so that the server cannot have seen the request.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

# What a proxy says while the server behind it restarts.
_TRY_AGAIN = frozenset({502, 503, 504})

JSON = {"Content-Type": "application/json"}

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 2.0

Read = Callable[[httpx.Response], T]


class Route:
    """One server: its addresses, and what is sent again."""

    def __init__(self, url: str, *, root: str | None, token: str | None, timeout: float, retries: int) -> None:
        self.rpc_url, self.root = addresses(url, root)
        self.timeout = timeout
        self._retries = retries
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def options(self, timeout: float | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """What goes with a request besides its address."""
        headers = {**self._headers, **request.get("headers", {})}
        return {**request, "headers": headers, "timeout": self.timeout if timeout is None else timeout}

    def pauses(self) -> Iterator[float | None]:
        """How long to wait after each attempt that failed, in seconds; None after the last."""
        for attempt in range(self._retries):
            # Up to a half shorter by chance, so that many clients do not come back at the same moment.
            yield min(FIRST_PAUSE_S * 2**attempt, LONGEST_PAUSE_S) * random.uniform(0.5, 1.0)
        yield None


class Transport(Route):
    """The connections to a server. Threads may share it.

    A request is sent again, up to `retries` times, if the server has not seen it (no connection), if the server
    said that nothing was changed (`Unavailable`), or if it is `repeatable`.
    """

    def __init__(self, url: str, *, http: httpx.Client | None, **route: Any) -> None:
        super().__init__(url, **route)
        self._owned = http is None
        self._http = httpx.Client() if http is None else http

    def close(self) -> None:
        """Close the connections, unless they are those of an `httpx.Client` that was given."""
        if self._owned:
            self._http.close()

    def post(self, body: bytes, read: Read[T], *, repeatable: bool, timeout: float | None = None) -> T:
        """Send a call's or batch's body to the RPC address and give back what `read` makes of the answer."""
        return self._exchange("POST", self.rpc_url, read, repeatable, timeout, content=body, headers=JSON)

    def put(self, path: str, content: Any, read: Read[T], *, params: dict[str, str]) -> T:
        """Stream `content` to a path below the root."""
        return self._exchange("PUT", self.root + path, read, False, None, content=content, params=params)

    def get(self, path: str, read: Read[T]) -> T:
        """Read a path below the root."""
        return self._exchange("GET", self.root + path, read, True, None)

    @contextmanager
    def stream(self, path: str, *, timeout: float | None = None, **request: Any) -> Iterator[httpx.Response]:
        """An answer whose body has not been read yet, from a path below the root."""
        url = self.root + path
        with explained(url), self._http.stream("GET", url, **self.options(timeout, request)) as answer:
            yield answer

    def _exchange(
        self, method: str, url: str, read: Read[T], repeatable: bool, timeout: float | None, **request: Any
    ) -> T:
        options = self.options(timeout, request)
        for pause in self.pauses():
            try:
                with explained(url):
                    answer = self._http.request(method, url, **options)
                return read(answer)
            except (Unavailable, TransportError) as error:
                if pause is None or not is_passing(error, repeatable):
                    raise
                time.sleep(pause)
        raise AssertionError("the last pause is None")


def is_passing(error: Unavailable | TransportError, repeatable: bool) -> bool:
    """Whether a request that failed so may be sent again."""
    if isinstance(error, Unavailable):
        return True
    return (repeatable and error.is_passing) or isinstance(error.__cause__, _NEVER_SENT)


def addresses(url: str, root: str | None) -> tuple[str, str]:
    """The RPC address and the root (without the last `/`) that a URL given by somebody stands for.

    A URL without a path is the root, and its RPC address is `/rpc` there. Any other is the RPC address itself; its
    root is what stands before its last part, unless `root` is given.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no http:// or https:// address")
    if parts.path in ("", "/"):
        url = urljoin(url, "/rpc")
    return url, (urljoin(url, ".") if root is None else root).rstrip("/")


def unexpected(answer: httpx.Response) -> TransportError:
    """The error for an answer that is not what a Hotplate server says."""
    media_type = answer.headers.get("content-type", "no content type")
    what = f"{answer.request.url} answered HTTP {answer.status_code} ({media_type}), not JSON-RPC"
    return TransportError(what, answer.status_code)


@contextmanager
def explained(url: str) -> Iterator[None]:
    """What httpx raises within, as `TransportError`."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise TimeoutError(f"no answer in time from {url} ({type(error).__name__})") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TransportError(f"cannot reach {url}: {str(error) or type(error).__name__}") from error
