"""Large pages: memory stays what it is, and a system that does not know them is no error."""

from pathlib import Path

import pytest

from automations import memory


def test_what_lies_in_memory_stays_as_it_is() -> None:
    held = [f"text {number}" for number in range(200_000)]
    assert memory.use_large_pages() % (2 * 1024 * 1024) == 0
    assert held == [f"text {number}" for number in range(200_000)]


def test_system_without_them_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "_MAPS", tmp_path / "missing")
    assert memory.use_large_pages() == 0


def test_memory_of_files_and_stacks_is_not_touched() -> None:
    lines = {
        "7f0000000000-7f0000400000 rw-p 00000000 00:00 0 ": True,
        "55d000000000-55d000400000 rw-p 00000000 00:00 0                          [heap]": True,
        "7ffc00000000-7ffc00400000 rw-p 00000000 00:00 0                          [stack]": False,
        "7f0000000000-7f0000400000 r-xp 00001000 08:01 42                         /usr/lib/libc.so.6": False,
        "7f0000000000-7f0000400000 rw-s 00000000 00:01 7                          /dev/zero (deleted)": False,
    }
    assert {line: memory._ANONYMOUS.match(line) is not None for line in lines} == lines
