"""What `.ci/run` makes of tests that fail: it is run on a folder of its own, with tests that fail as each case says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = "check:\n\t@true\ntest:\n\t@.venv/bin/pytest -q tests\n"
FAILS = "def test_always():\n    assert False\n"
FAILS_ONCE = """
from pathlib import Path
import pytest

def first_time(name):
    mark = Path(name)
    begun = mark.exists()
    mark.touch()
    return not begun

@pytest.fixture
def ends_badly_once():
    yield
    assert not first_time("teardown")

def test_once():
    assert not first_time("call")

def test_end(ends_badly_once):
    pass

def test_steady():
    pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose only content is how it is checked; no container engine answers there."""
    for name in ("project/.ci", "project/tests", "bin"):
        (tmp_path / name).mkdir(parents=True)
    project = tmp_path / "project"
    shutil.copy(ROOT / ".ci/run", project / ".ci/run")
    (project / "Makefile").write_text(MAKEFILE)
    (project / "pytest.ini").write_text("[pytest]\n")
    (project / ".venv/bin").mkdir(parents=True)
    for program in ("python", "pytest"):
        (project / ".venv/bin" / program).symlink_to(Path(sys.executable).parent / program)
    engine = tmp_path / "bin/docker"
    engine.write_text("#!/bin/sh\nexit 1\n")
    engine.chmod(0o755)
    return project


def run_ci(project: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": f"{project.parent / 'bin'}:{os.environ['PATH']}"}
    env = {name: value for name, value in env.items() if not name.startswith("PYTEST_")}
    command = ["bash", str(project / ".ci/run")]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=project, timeout=120, check=False)


def test_what_fails_once_passes_alone_and_is_named(folder: Path) -> None:
    """A failure and an error at a test's end are tried once more; the output names both."""
    (folder / "tests/test_a.py").write_text(FAILS_ONCE)
    done = run_ci(folder)
    assert done.returncode == 0, done.stdout
    _, _, named = done.stdout.partition("failed at first, passed alone")
    assert "tests/test_a.py::test_once" in named
    assert "tests/test_a.py::test_end" in named
    assert "test_steady" not in named


def test_what_is_broken_is_red(folder: Path) -> None:
    """A test that fails again fails the run."""
    (folder / "tests/test_a.py").write_text(FAILS)
    done = run_ci(folder)
    assert done.returncode != 0
    assert "once more and alone" in done.stdout


def test_many_failures_are_no_bad_luck(folder: Path) -> None:
    """More than three are not tried again, even if they would pass."""
    for name in ("a", "b"):
        (folder / f"tests/test_{name}.py").write_text(FAILS_ONCE.replace('first_time("', f'first_time("{name}-'))
    done = run_ci(folder)
    assert done.returncode != 0
    assert "once more and alone" not in done.stdout


def test_nothing_tested_is_red(folder: Path) -> None:
    """Where no test ran, nothing was shown."""
    assert run_ci(folder).returncode != 0
