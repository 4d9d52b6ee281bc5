"""The demo CRM as a process, seen through the CRM port while Kafka is away: all promises but the events."""

import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from tests.support import crm_port_conformance as conformance
from tests.support.demo_crm_process import DemoCrmProcess

NO_KAFKA = "127.0.0.1:1"


@pytest.fixture(scope="module")
async def demo_crm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DemoCrmProcess]:
    """One demo CRM for the checks that leave it running."""
    process = DemoCrmProcess(tmp_path_factory.mktemp("crm") / "data", NO_KAFKA)
    await process.start()
    yield process
    assert await process.stop() == 0


@pytest.fixture
async def crm(demo_crm: DemoCrmProcess) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it."""
    async with conformance.connect(demo_crm.url) as client:
        yield client


@pytest.fixture
async def own_crm(tmp_path: Path) -> AsyncIterator[DemoCrmProcess]:
    """A demo CRM that a test may stop and kill."""
    process = DemoCrmProcess(tmp_path / "data", NO_KAFKA)
    await process.start()
    yield process
    await process.kill()


@pytest.mark.parametrize("promise", conformance.CHECKS, ids=lambda promise: promise.__name__)
async def test_demo_crm_keeps_the_promise(promise: conformance.Check, crm: httpx.AsyncClient) -> None:
    """The demo CRM keeps each promise of the port."""
    await promise(crm)


async def test_demo_crm_without_kafka_says_not_ready(crm: httpx.AsyncClient) -> None:
    """While Kafka is away it lives, but is not ready, and says why."""
    assert (await crm.get("/livez")).status_code == 200
    answer = await crm.get("/readyz")
    assert answer.status_code == 503
    assert "Kafka" in answer.json()["reason"]


async def test_demo_crm_creates_what_it_has_not_seen(crm: httpx.AsyncClient) -> None:
    """A change of an unknown record makes it; so does an item for an unknown queue, whatever its name."""
    changed = await crm.patch("/records/case/never-seen", json={"priority": "critical"})
    assert changed.json()["priority"] == "critical"
    item = await crm.post("/queues/.../items", json={"record": {"type": "case", "id": "nor-this"}})
    assert item.status_code == 201
    assert (await crm.get("/records/case/nor-this")).json()["queue"] == "..."
    assert {"id": "...", "name": "..."} in (await crm.get("/queues")).json()["items"]


async def test_demo_crm_keeps_records_and_keys_over_a_kill(own_crm: DemoCrmProcess) -> None:
    """What was answered is there after `kill -9`, and its idempotency key is still known."""
    headers = conformance.effect_headers()
    async with conformance.connect(own_crm.url) as crm:
        first = await crm.post("/records/case", json={"name": "kept"}, headers=headers)
    await own_crm.kill()
    await own_crm.start()
    async with conformance.connect(own_crm.url) as crm:
        assert (await crm.get(f"/records/case/{first.json()['id']}")).json() == first.json()
        again = await crm.post("/records/case", json={"name": "kept"}, headers=headers)
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert len((await crm.get("/records/case", params={"name": "kept"})).json()["items"]) == 1


async def test_demo_crm_is_alone_on_its_data_folder(own_crm: DemoCrmProcess, tmp_path: Path) -> None:
    """A second process on the same folder is refused, and the first one goes on."""
    second = DemoCrmProcess(tmp_path / "data", NO_KAFKA)
    with pytest.raises(RuntimeError, match="DEMO_CRM_DATA"):
        await second.start()
    async with conformance.connect(own_crm.url) as crm:
        assert (await crm.get("/users")).status_code == 200


async def test_demo_crm_with_a_token_asks_for_it(tmp_path: Path) -> None:
    """With a token set, the port answers 401 without it, and every promise is kept with it."""
    process = DemoCrmProcess(tmp_path / "data", NO_KAFKA, DEMO_CRM_TOKEN="s3cret")
    await process.start()
    try:
        for token in (None, "wrong"):
            async with conformance.connect(process.url, token) as crm:
                refused = await crm.post("/tasks", json={"title": "x"})
                assert refused.status_code == 401
                assert refused.json()["error"]
        async with conformance.connect(process.url, "s3cret") as crm:
            assert (await crm.post("/tasks", json={"title": "x"})).status_code == 201
    finally:
        await process.stop()


async def test_mail_sink_lists_what_was_mailed(demo_crm: DemoCrmProcess, crm: httpx.AsyncClient) -> None:
    """A mail is listed with its addresses, subject, text and Message-ID as sent; an address to be refused is."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "automations@example.com", "Élodie <elodie@example.com>", "Crate – késő"
    mail["Message-ID"] = "<run.path@automations>"
    mail.set_content("Two lines,\nof Ünïcode.\n")
    with smtplib.SMTP("127.0.0.1", demo_crm.smtp_port) as smtp:
        smtp.send_message(mail)
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="550"):
            smtp.sendmail("automations@example.com", ["bounce@example.com"], b"Subject: x\r\n\r\nx")
    listed = (await crm.get("/sink/mails")).json()
    assert listed["total"] == 1
    kept = listed["items"][0]
    assert kept["recipients"] == ["elodie@example.com"]
    assert kept["subject"] == "Crate – késő"
    assert kept["text"] == "Two lines,\nof Ünïcode.\n"
    assert kept["message_id"] == "<run.path@automations>"


async def test_slack_sink_answers_as_slack_does(crm: httpx.AsyncClient) -> None:
    """A message is answered `ok` and listed; what Slack would not understand is refused."""
    answer = await crm.post("/sink/slack", json={"text": "Critical case created"})
    assert (answer.status_code, answer.text) == (200, "ok")
    assert (await crm.post("/sink/slack", json={})).status_code == 400
    assert (await crm.post("/sink/slack", content=b"text")).status_code == 400
    listed = (await crm.get("/sink/slack")).json()
    assert listed["total"] == 1
    assert listed["items"][0]["text"] == "Critical case created"


async def test_webhook_sink_keeps_body_and_headers(crm: httpx.AsyncClient) -> None:
    """A call is listed with its method, path, headers and body."""
    await crm.put("/sink/webhook/orders?a=1", json={"n": 1}, headers={"webhook-id": "r:s"})
    (call,) = (await crm.get("/sink/webhooks")).json()["items"]
    assert (call["method"], call["path"], call["query"]) == ("PUT", "/sink/webhook/orders", {"a": "1"})
    assert call["headers"]["webhook-id"] == "r:s"
    assert call["body"] == {"n": 1}


async def test_page_shows_what_its_forms_did(crm: httpx.AsyncClient) -> None:
    """What the forms did stands behind the port and on the page; what came from outside is escaped."""
    made = await crm.post("/page/cases", data={"name": "<b>Crate</b> leaks", "priority": "critical", "contact_id": ""})
    assert (made.status_code, made.headers["location"]) == (303, "/")
    moved = await crm.post("/page/stages", data={"opportunity_id": "opportunity-201", "stage": "closed_won"})
    assert moved.status_code == 303
    assert (await crm.get("/records/opportunity/opportunity-201")).json()["stage"] == "closed_won"
    page = (await crm.get("/")).text
    assert "&lt;b&gt;Crate&lt;/b&gt; leaks" in page
    assert "<b>Crate</b>" not in page
    assert "closed won" in page


async def test_page_refuses_forms_of_other_sites(crm: httpx.AsyncClient) -> None:
    """A form that a browser sends for another site changes nothing."""
    answer = await crm.post(
        "/page/stages",
        data={"opportunity_id": "opportunity-202", "stage": "closed_lost"},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403
    assert (await crm.get("/records/opportunity/opportunity-202")).json()["stage"] == "qualification"
