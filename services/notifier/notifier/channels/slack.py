"""Messages to an incoming webhook as Slack has it; Mattermost and others take the same."""

import math
from typing import Any

import httpx

from automations.contracts.notifications import SendNotification
from notifier.channels.channel import ATTEMPT_SECONDS, NotNow, Reached, Refused, quote_answer
from notifier.settings import SlackSettings

_ADVICE = {
    "channel_not_found": "check the channel's name, and that the webhook may post there",
    "channel_is_archived": "the channel is archived; name another",
    "invalid_token": "the webhook's address is not valid any more; set SLACK_WEBHOOK_URL to a new one",
    "no_service": "the webhook was removed or switched off; set SLACK_WEBHOOK_URL to a new one",
    "no_active_hooks": "the webhook was removed or switched off; set SLACK_WEBHOOK_URL to a new one",
    "no_team": "the workspace is gone; set SLACK_WEBHOOK_URL to another",
    "no_text": "the message is empty once its names are filled in",
    "posting_to_general_channel_denied": "the webhook may not post in that channel; name another",
    "user_not_found": "check the user's name",
}
_TELLS_TO_WAIT = 429
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class SlackChannel:
    """Posts to one incoming webhook; the channel of a message goes along in its body."""

    def __init__(self, settings: SlackSettings, client: httpx.AsyncClient | None = None) -> None:
        self._url = settings.slack_webhook_url
        self._client = client or httpx.AsyncClient(timeout=ATTEMPT_SECONDS, follow_redirects=False)

    async def send(self, message: SendNotification, sent_to: set[str]) -> dict[str, Any]:
        if self._url is None:
            raise Refused(
                "not_configured", "Slack is not set up: set SLACK_WEBHOOK_URL to the address of an incoming webhook."
            )
        for target in message.to or ("",):
            if target not in sent_to:
                await self._post(message, target, self._url.get_secret_value())
                sent_to.add(target)
        return {"notification_id": message.key, "channel": message.channel, "to": list(message.to)}

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, message: SendNotification, target: str, url: str) -> None:
        text = f"*{message.subject}*\n{message.body}" if message.subject else message.body
        payload = {"text": text} | ({"channel": target} if target else {})
        key = f"{message.key}/{target}" if target else message.key
        try:
            response = await self._client.post(url, json=payload, headers={"Idempotency-Key": _header_text(key)})
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Refused("not_configured", "SLACK_WEBHOOK_URL is no http or https address.") from error
        except httpx.TransportError as error:
            said = quote_answer(str(error)) or type(error).__name__
            reached: Reached = "not_sent" if isinstance(error, _NEVER_LEFT) else "unanswered"
            raise NotNow(f"Slack could not be reached ({said})", reached=reached) from error
        _judge(response, target)


def _judge(response: httpx.Response, target: str) -> None:
    status, said = response.status_code, quote_answer(response.text)
    if 200 <= status < 300:
        return
    if status == _TELLS_TO_WAIT or status >= 500:
        waits = _retry_after(response)
        raise NotNow(f"Slack answered {status} {said}".rstrip(), reached="answered", retry_after_seconds=waits)
    place = f" for {target}" if target else ""
    advice = _ADVICE.get(said, "check SLACK_WEBHOOK_URL and the message")
    answer = said or "nothing more"
    raise Refused("refused", f"Slack refused the message{place}: {answer} ({status}); {advice}.", {"code": status})


def _retry_after(response: httpx.Response) -> float | None:
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _header_text(key: str) -> str:
    return key.encode("ascii", errors="backslashreplace").decode()
