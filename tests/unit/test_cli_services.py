"""The settings that `automations up` gives its processes, and what it tells of itself."""

import os
from pathlib import Path

import pytest

from automations_cli.services import SERVICES, Addresses, render_environment
from automations_cli.stack import LONGEST_PAUSE_SECONDS, choose_pause, describe_end
from automations_cli.up_file import UpFile, load_up_file, remove_up_file, save_up_file

ADDRESSES = Addresses("127.0.0.1:9092", "postgresql://a:b@127.0.0.1:5432/a", 8080, 8090, 1025, Path("/data"))
BY_NAME = {spec.name: spec for spec in SERVICES}


def environment(
    name: str, inherited: dict[str, str] | None = None, given: dict[str, str] | None = None
) -> dict[str, str]:
    return render_environment(BY_NAME[name], ADDRESSES, 4321, inherited or {}, given or {})


def test_services_stop_from_the_edge_inwards() -> None:
    assert list(BY_NAME) == ["api", "trigger-matcher", "executor", "notifier", "demo-crm"]


@pytest.mark.parametrize("name", list(BY_NAME))
def test_every_service_is_told_its_port_once(name: str) -> None:
    """A process that were told two ports would listen on both."""
    ports = {key for key in ("PORT", "HEALTH_PORT", "DEMO_CRM_PORT") if key in environment(name)}
    assert len(ports) == 1
    assert environment(name)[ports.pop()] == "4321"


def test_own_crm_and_mail_server_replace_the_demo() -> None:
    assert environment("executor", {"CRM_URL": "https://crm.test"})["CRM_URL"] == "https://crm.test"
    assert environment("notifier", {"SMTP_HOST": "mail.test"})["SMTP_HOST"] == "mail.test"


def test_address_of_an_own_engine_is_never_another_stacks() -> None:
    """A variable left in the shell does not lead a service away from the stack's own Kafka."""
    assert (
        environment("api", {"KAFKA_BOOTSTRAP_SERVERS": "elsewhere:9092"})["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:9092"
    )


def test_settings_given_for_a_stack_win() -> None:
    assert environment("api", {"AUTH": "open"}, {"AUTH": "required"})["AUTH"] == "required"


def test_pause_before_a_restart_grows_to_a_limit() -> None:
    pauses = [choose_pause(ends) for ends in range(1, 12)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


@pytest.mark.parametrize(("status", "words"), [(0, "exit status 0"), (1, "exit status 1"), (-9, "killed by SIGKILL")])
def test_end_of_a_process_is_told_in_words(status: int, words: str) -> None:
    assert describe_end(status) == words


def up_of(pid: int) -> UpFile:
    return UpFile(pid, "http://127.0.0.1:8080", "127.0.0.1:9092", "postgresql://a", "http://127.0.0.1:8090", {"api": 5})


def test_running_stack_is_found_by_its_folder(tmp_path: Path) -> None:
    save_up_file(tmp_path, up_of(os.getpid()))
    assert load_up_file(tmp_path) == up_of(os.getpid())
    assert (tmp_path / "up.json").stat().st_mode & 0o077 == 0
    remove_up_file(tmp_path)
    assert load_up_file(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", '{"pid": 1}'])
def test_broken_up_file_is_no_running_stack(tmp_path: Path, text: str) -> None:
    (tmp_path / "up.json").write_text(text)
    assert load_up_file(tmp_path) is None


def test_up_file_of_a_killed_stack_is_no_running_stack(tmp_path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    save_up_file(tmp_path, up_of(pid))
    assert load_up_file(tmp_path) is None
