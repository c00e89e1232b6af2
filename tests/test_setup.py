"""The set-up: `make` repeats only what changed, and a missing tool is one clear line."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# What each source leads to, in the order in which `make run` does it.
STEPS = {
    "requirements.lock": "Python packages",
    "pyproject.toml": "Roomful itself",
    "package-lock.json": "Node packages",
    "web/src/main.tsx": "The front end",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with our Makefile and empty files for all that it looks at, everything set up."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    told = subprocess.run(["cksum"], input=f"{folder}\n", capture_output=True, text=True, check=True).stdout
    here = told.split()[0]
    stamps = (f".venv/.packages-{here}", f".venv/.roomful-{here}", "node_modules/.roomful", "web/dist/index.html")
    for order, name in enumerate(
        (*STEPS, "package.json", "web/package.json", "tests/conformance/sdk/package.json", *stamps)
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (order, order))
    os.utime(folder / "web/src", (0, 0))
    return folder


def planned(checkout: Path, target: str = "run") -> list[str]:
    """The steps that `make` would do now."""
    told = subprocess.run(["make", "-n", target], cwd=checkout, capture_output=True, text=True, check=True).stdout
    return [step for step in STEPS.values() if f'"==> {step}' in told]


def test_a_second_run_sets_nothing_up(checkout: Path) -> None:
    assert planned(checkout) == []
    assert planned(checkout, "test") == []
    assert planned(checkout, "check") == []


@pytest.mark.parametrize(
    ("changed", "steps"),
    [
        ("requirements.lock", ["Python packages", "Roomful itself"]),
        ("pyproject.toml", ["Roomful itself"]),
        ("package-lock.json", ["Node packages", "The front end"]),
        ("web/src/main.tsx", ["The front end"]),
        ("web/src", ["The front end"]),
    ],
)
def test_a_change_repeats_just_its_part(checkout: Path, changed: str, steps: list[str]) -> None:
    os.utime(checkout / changed)
    assert planned(checkout) == steps


@pytest.mark.parametrize(
    ("removed", "steps"),
    [
        (".venv", ["Python packages", "Roomful itself"]),
        ("node_modules", ["Node packages", "The front end"]),
        ("web/dist", ["The front end"]),
    ],
)
def test_what_was_removed_is_made_again(checkout: Path, removed: str, steps: list[str]) -> None:
    shutil.rmtree(checkout / removed)
    assert planned(checkout) == steps


def test_a_folder_that_was_moved_gets_python_packages_of_its_own(checkout: Path) -> None:
    assert planned(checkout.rename(checkout.parent / "moved")) == ["Python packages", "Roomful itself"]


def need(tool: str, folder: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """`scripts/need tool` on a machine whose PATH has a shell's basics and `programs` (name: shell script) alone."""
    folder.mkdir()
    for name in ("bash", "dirname", "readlink"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, script in programs.items():
        (folder / name.replace("_", "-")).write_text(f"#!/usr/bin/env bash\n{script}\n")
        (folder / name.replace("_", "-")).chmod(0o755)
    command = [str(shutil.which("bash")), str(ROOT / "scripts/need"), tool]
    return subprocess.run(command, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("tool", "programs", "line"),
    [
        ("node", {}, "Node.js 20.19 or newer is needed to build the front end, and there is no node here."),
        (
            "node",
            {"node": "[[ $1 == --version ]] && echo v18.1.0; exit 1"},
            "Node.js 20.19 or newer is needed; this is ",
        ),
        ("node", {"node": "exit 0"}, "npm is needed, and there is no npm here"),
        ("venv", {}, "Python 3.11 or newer is needed, and there is no python3 here."),
        ("venv", {"python3": "echo Python 3.9.2; exit 1"}, "Python 3.11 or newer is needed; python3 is Python 3.9.2"),
        ("chromium", {}, "Missing on this machine: chromium. Install them, then try again."),
        (
            "chromium",
            {"apt_get": "exit 1", "id": "echo 1000"},
            "Missing: run  sudo apt-get update && sudo apt-get install -y chromium",
        ),
    ],
)
def test_a_missing_tool_is_one_clear_line(tool: str, programs: dict[str, str], line: str, tmp_path: Path) -> None:
    done = need(tool, tmp_path / "bin", **programs)
    assert done.returncode == 1
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


def test_what_is_there_is_not_installed_again(tmp_path: Path) -> None:
    never = {"apt_get": "echo installs; exit 1", "id": "echo 0"}
    assert need("chromium", tmp_path / "a", chromium="exit 0", **never).returncode == 0
    postgres = {"initdb": "exit 0", "postgres": "echo 'postgres (PostgreSQL) 16.2'"}
    assert need("postgresql", tmp_path / "b", **postgres, **never).returncode == 0


def test_root_installs_what_is_missing(tmp_path: Path) -> None:
    done = need("chromium", tmp_path / "bin", apt_get='echo "apt-get $*"', id="echo 0")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == [
        "apt-get update -q",
        "apt-get install -q -y --no-install-recommends chromium",
    ]


def test_a_script_before_the_set_up_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run([ROOT / "scripts/ready"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "Not set up yet: run 'make run' first.\n")


def test_lock_files_name_no_host() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()
    assert '"resolved": "http' not in (ROOT / "package-lock.json").read_text()
