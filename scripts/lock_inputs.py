"""Print the digest of everything `scripts/lock` reads, so that a test can say the lock is stale.

Of `pyproject.toml` only the parts that name packages count: a new lint rule makes no lock stale.
Standard library only, for it also runs where nothing is installed yet.
"""

import hashlib
import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def lock_inputs(root: Path = ROOT) -> dict[str, object]:
    """Collect what decides the lock: the named parts of pyproject.toml and the `.in` files."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    project = pyproject["project"]
    return {
        "requires-python": project["requires-python"],
        "dependencies": project["dependencies"],
        "optional-dependencies": project["optional-dependencies"],
        "dependency-groups": pyproject["dependency-groups"],
        "in": {
            file.name: _requirements(file) for file in sorted((root / "requirements").glob("*.in"))
        },
    }


def digest(root: Path = ROOT) -> str:
    """Hash the inputs in one canonical form (sha256, hexadecimal)."""
    text = json.dumps(lock_inputs(root), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _requirements(file: Path) -> list[str]:
    lines = (line.split("#")[0].strip() for line in file.read_text("utf-8").splitlines())
    return [line for line in lines if line]


if __name__ == "__main__":
    print(digest())
