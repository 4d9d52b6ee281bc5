"""What the embedded engines are told, decided without starting them."""

import io
import json
from pathlib import Path

import pytest

from embedded import jars, kafka, ports, postgres
from embedded.child import read_last_lines, turn_log_over
from embedded.report import PlainReport
from tests.support.told import ToldReport


def settings_of(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def test_kafka_settings_listen_on_loopback_only(tmp_path: Path) -> None:
    settings = settings_of(kafka.render_settings(tmp_path, 9092, 9093, 6))
    assert settings["listeners"] == "CLIENT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"
    assert settings["advertised.listeners"] == "CLIENT://127.0.0.1:9092"


def test_kafka_settings_expire_nothing_by_themselves(tmp_path: Path) -> None:
    """How long records are kept is each topic's word; offsets outlive a long holiday."""
    settings = settings_of(kafka.render_settings(tmp_path, 9092, 9093, 6))
    assert settings["log.retention.ms"] == "-1"
    assert int(settings["offsets.retention.minutes"]) >= 30 * 24 * 60
    assert settings["auto.create.topics.enable"] == "false"


def test_kafka_settings_take_an_event_of_one_mebibyte_with_headers(tmp_path: Path) -> None:
    settings = settings_of(kafka.render_settings(tmp_path, 9092, 9093, 6))
    assert int(settings["message.max.bytes"]) > 2**20 + 2**15


def test_postgres_settings_never_trade_durability() -> None:
    assert not {"fsync", "synchronous_commit", "full_page_writes"} & postgres.SETTINGS.keys()
    assert postgres.SETTINGS["listen_addresses"] == "127.0.0.1"


def test_postgres_programs_are_the_newest_supported() -> None:
    installed = {16: Path("16"), 18: Path("18"), 19: Path("19")}
    assert postgres.choose_programs(installed) == (18, Path("18"))


def test_postgres_without_supported_programs_says_which_there_are() -> None:
    with pytest.raises(postgres.PostgresFailed, match=r"\[19\]"):
        postgres.choose_programs({19: Path("19")})


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    jar = tmp_path / "some.jar"
    jar.write_bytes(b"1234")
    path = tmp_path / "manifest.json"
    jars.write_manifest(path, "some:thing:1", [jar])
    return path


def test_manifest_gives_the_class_path_back(manifest: Path, tmp_path: Path) -> None:
    assert jars.read_manifest(manifest, "some:thing:1") == [tmp_path / "some.jar"]


def test_manifest_of_another_version_is_no_answer(manifest: Path) -> None:
    assert jars.read_manifest(manifest, "some:thing:2") is None


@pytest.mark.parametrize("left", [b"12", None])
def test_manifest_with_a_missing_or_short_jar_is_no_answer(manifest: Path, tmp_path: Path, left: bytes | None) -> None:
    (tmp_path / "some.jar").unlink()
    if left is not None:
        (tmp_path / "some.jar").write_bytes(left)
    assert jars.read_manifest(manifest, "some:thing:1") is None


@pytest.mark.parametrize("text", ["", "[]", "{", json.dumps({"endpoint": "some:thing:1"})])
def test_manifest_that_is_none_is_no_answer(manifest: Path, text: str) -> None:
    manifest.write_text(text)
    assert jars.read_manifest(manifest, "some:thing:1") is None


def test_taken_port_is_replaced_and_said() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        report = ToldReport()
        chosen = ports.choose(port, "Kafka", report)
    assert chosen != port
    assert report.lines == [f"Port {port} is taken: Kafka listens on {chosen} instead."]


def test_wanted_port_is_taken_without_a_word() -> None:
    (free,) = ports.find_free()
    report = ToldReport()
    assert ports.choose(free, "Kafka", report) == free
    assert report.lines == []


def test_port_of_a_sibling_is_not_chosen_twice() -> None:
    (free,) = ports.find_free()
    assert ports.choose(free, "api", ToldReport(), but_not=[free]) != free


def test_log_that_grew_too_long_is_moved_aside(tmp_path: Path) -> None:
    """Who appends to it goes on at its beginning; the old text is kept once."""
    log = tmp_path / "api.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old " * 10)
        assert turn_log_over(log, kept_bytes=20)
        writer.write(b"new")
    assert log.read_bytes() == b"new"
    assert (tmp_path / "api.log.1").read_bytes() == b"old " * 10
    assert not turn_log_over(log, kept_bytes=20)


def test_last_lines_of_a_log_that_is_not_there_are_none(tmp_path: Path) -> None:
    assert read_last_lines(tmp_path / "none.log", 5) == ""


def test_plain_report_tells_each_doing_once() -> None:
    """A log gets no line for each step of a download."""
    out = io.StringIO()
    report = PlainReport(out, every_seconds=60)
    for megabytes in range(50):
        report.working("Kafka", f"downloading: {megabytes} MB", megabytes, 50)
    report.working("Kafka", "starting")
    report.ready("Kafka", "listens")
    lines = out.getvalue().splitlines()
    assert lines[:2] == ["Kafka: downloading: 0 MB (0 of 50)", "Kafka: starting"]
    assert lines[2].startswith("Kafka: listens (")
    assert len(lines) == 3


def test_cluster_id_is_never_read_as_an_option() -> None:
    """One random id in 64 would begin with a hyphen, and Kafka's own tool would refuse it."""
    assert not any(kafka.new_cluster_id().startswith("-") for _ in range(2_000))
