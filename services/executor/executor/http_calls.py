"""HTTP on behalf of the gate: the CRM port's calls and webhooks, with limits, and errors in words."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Final, Literal, Self

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from automations.clock import utc_now
from automations.contracts.limits import MAX_STEP_BYTES, TOO_LARGE
from automations.contracts.step_errors import StepError
from automations.contracts.wire import encode
from executor.actions.requests import CrmCall, WebhookCall
from executor.settings import ExecutorSettings

_MAX_SHOWN_CHARACTERS: Final = 300
_RETRYABLE: Final = frozenset({408, 409, 423, 425, 429})
_USER_AGENT: Final = "Automations"


Reached = Literal["not_sent", "unanswered", "answered"]
"""How far a request came. `not_sent`: it never left. `unanswered`: nobody can tell what became of it."""


class CallFailed(Exception):
    """An attempt at a call failed; the error says how, and whether another one is worth it."""

    def __init__(self, error: StepError, reached: Reached, retry_after_seconds: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.reached: Reached = reached
        self.retry_after_seconds = retry_after_seconds


class PrivateAddress(OSError):
    """A webhook's host is on this side of the network."""


@lru_cache(maxsize=4_096)
def is_public(address: str) -> bool:
    """Whether an IP address lies in the public internet."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast


class GuardedResolver(AbstractResolver):
    """Resolves hosts of webhooks, and refuses private addresses at the moment of connecting.

    So a name that changes its address between a check and the connection gains nothing. Calls that ask for one name
    at the same time share the answer: a name server that hangs for one name must not use up the few threads that ask.
    """

    def __init__(self, allowed_hosts: frozenset[str]) -> None:
        self._inner = ThreadedResolver()
        self._allowed = allowed_hosts
        self._asked: dict[tuple[str, int, int], asyncio.Task[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the host's addresses.

        Raises:
            PrivateAddress: one of them is private, and the host is not on the list.
        """
        found = await self._ask(host, port, family)
        if f"{host.lower()}:{port}" not in self._allowed:
            for address in found:
                if not is_public(address["host"]):
                    raise PrivateAddress(f"{host} has the private address {address['host']}")
        return found

    async def close(self) -> None:
        """Nothing is held."""

    async def _ask(self, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        key = (host, port, family)
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.create_task(self._inner.resolve(host, port, family))
            asked.add_done_callback(lambda done: self._answered(key, done))
        return await asyncio.shield(asked)

    def _answered(self, key: tuple[str, int, int], done: asyncio.Task[list[ResolveResult]]) -> None:
        del self._asked[key]
        if not done.cancelled():
            done.exception()  # whoever asked may have gone meanwhile; then nobody else takes note of it


class HttpCalls:
    """The sessions that the gate's calls share. How many go out at a time is not decided here, but by `Places`."""

    def __init__(self, settings: ExecutorSettings) -> None:
        self._settings = settings
        self._allowed = settings.allowed_hosts()
        self._crm: aiohttp.ClientSession | None = None
        self._webhooks: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=self._settings.effect_timeout_seconds, connect=10)
        token = self._settings.crm_token
        credentials = {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
        self._crm = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=timeout,
            headers={"User-Agent": _USER_AGENT, "Content-Type": "application/json", **credentials},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._webhooks = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, resolver=GuardedResolver(self._allowed), use_dns_cache=False),
            timeout=timeout,
            headers={"User-Agent": _USER_AGENT},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        for session in (self._crm, self._webhooks):
            # The library would send some methods a second time over a new connection; attempts are ours to count.
            session._retry_connection = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in (self._crm, self._webhooks):
            if session is not None:
                await session.close()

    def destination_of(self, call: CrmCall | WebhookCall) -> str:
        """Return the host and port that a call goes to; what is no address goes nowhere, and is one destination."""
        try:
            url = URL(self._settings.crm_url if isinstance(call, CrmCall) else call.url)
            return f"{url.host or ''}:{url.port or ''}"
        except ValueError:
            return ""

    async def call_crm(self, call: CrmCall, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the CRM's answer to one call of the port.

        Raises:
            CallFailed: it refused, or could not be reached in time.
        """
        assert self._crm is not None
        url = URL(self._settings.crm_url.rstrip("/") + call.path, encoded=True)
        return await self._call("the CRM", self._crm, call.method, url, headers, encode(call.body))

    async def call_webhook(self, call: WebhookCall, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the other system's answer to a webhook.

        Raises:
            CallFailed: the address is not allowed, it refused, or could not be reached in time.
        """
        assert self._webhooks is not None
        url = self._checked(call.url)
        body, content_type = _body_of(call.body)
        own = {name.lower() for name in call.headers}
        sent = dict(call.headers)
        if body is not None and "content-type" not in own:
            sent["Content-Type"] = content_type
        stamp = {"webhook-id": headers["Idempotency-Key"], "webhook-timestamp": str(int(utc_now().timestamp()))}
        return await self._call(url.host or "", self._webhooks, call.method, url, {**sent, **headers, **stamp}, body)

    def _checked(self, address: str) -> URL:
        """Return the address of a webhook; a literal private one is refused here, a name while resolving."""
        try:
            url = URL(address)
            host, port = url.host, url.port
        except ValueError as error:
            raise _not_sent("invalid", f"{address!r} is no web address: {error}") from error
        if url.scheme not in ("http", "https") or not host:
            raise _not_sent("invalid", f"{address!r} is no web address; it begins with https:// and names a host")
        try:
            private = not is_public(host)
        except ValueError:
            private = False
        if private and f"{host.lower()}:{port}" not in self._allowed:
            raise _private(f"{host} is a private address")
        return url

    async def _call(
        self,
        peer: str,
        session: aiohttp.ClientSession,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> dict[str, Any]:
        try:
            async with session.request(method, url, data=body, headers=headers, allow_redirects=False) as answer:
                read = await _read_at_most(answer, MAX_STEP_BYTES + 1)
        except PrivateAddress as error:
            raise _private(str(error)) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            if isinstance(error.__cause__, PrivateAddress):
                raise _private(str(error.__cause__)) from error
            message = f"{peer} could not be reached: {error or type(error).__name__}"
            raise CallFailed(StepError(kind="unreachable", message=message, retryable=True), "not_sent") from error
        except TimeoutError as error:
            message = f"{peer} did not answer within {self._settings.effect_timeout_seconds:g} s"
            raise CallFailed(StepError(kind="timeout", message=message, retryable=True), "unanswered") from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            if isinstance(error, aiohttp.InvalidURL | ValueError):
                raise _not_sent("invalid", f"{url} is no web address") from error
            message = f"the connection to {peer} broke: {error or type(error).__name__}"
            raise CallFailed(StepError(kind="unreachable", message=message, retryable=True), "unanswered") from error
        except ValueError as error:
            raise _not_sent("invalid", f"the request to {peer} cannot be sent: {error}") from error
        return _answer_of(peer, answer, read)


def _answer_of(peer: str, answer: aiohttp.ClientResponse, body: bytes) -> dict[str, Any]:
    content = _content_of(body, answer.content_type)
    if answer.status < 300:
        if len(body) > MAX_STEP_BYTES:
            message = (
                f"{peer} answered {answer.status}, with more than the {MAX_STEP_BYTES} bytes that a step takes; what "
                "was asked for is done, and is not asked for again. Have it answer less"
            )
            detail = {"status": answer.status, "limit_bytes": MAX_STEP_BYTES}
            raise CallFailed(StepError(kind=TOO_LARGE, message=message, detail=detail), "answered")
        names = {name.lower(): value for name, value in answer.headers.items()}
        return {"status": answer.status, "headers": names, "body": content}
    if answer.status < 400:
        message = (
            f"{peer} answered {answer.status}, a redirection to {answer.headers.get('Location')}; name that address"
        )
        raise CallFailed(StepError(kind="redirected", message=message, detail={"status": answer.status}), "answered")
    raise CallFailed(
        StepError(
            kind="refused",
            message=f"{peer} answered {answer.status}{_said(content)}",
            retryable=answer.status in _RETRYABLE or answer.status >= 500,
            detail={"status": answer.status},
        ),
        "answered",
        _retry_after(answer.headers.get("Retry-After")),
    )


def _said(content: Any) -> str:
    if isinstance(content, dict):
        content = next((content[name] for name in ("error", "detail", "message") if content.get(name)), None)
    text = "" if content is None else str(content).strip()
    return f": {text[:_MAX_SHOWN_CHARACTERS]}" if text else ""


def _content_of(body: bytes, content_type: str) -> Any:
    if not body:
        return None
    if content_type.endswith("json") and len(body) <= MAX_STEP_BYTES:
        try:
            content = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        else:
            return content if b"\\u0000" not in body else body.decode(errors="replace").replace("\\u0000", "")
    return body.decode(errors="replace").replace("\0", "")


async def _read_at_most(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        parts.append(part)
        size += len(part)
        if size >= limit:
            break
    return b"".join(parts)[:limit]


def _body_of(body: Any) -> tuple[bytes | None, str]:
    if body is None:
        return None, ""
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    return encode(body), "application/json"


def _retry_after(header: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, written as a number or as an HTTP date."""
    if not header:
        return None
    try:
        return max(float(header), 0.0)
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((aware - datetime.now(UTC)).total_seconds(), 0.0)


def _private(message: str) -> CallFailed:
    hint = "webhooks reach public addresses only; WEBHOOK_ALLOWED_HOSTS names exceptions"
    return _not_sent("not_allowed", f"{message}; {hint}")


def _not_sent(kind: str, message: str) -> CallFailed:
    return CallFailed(StepError(kind=kind, message=message), "not_sent")
