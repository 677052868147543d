"""The models that can be fetched, each file pinned by revision, size and hash."""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ModelFile(BaseModel):
    """One file of a repository, and what it must be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    size: Annotated[int, Field(gt=0)]
    sha256: Sha256

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


class PinnedModel(BaseModel):
    """One model. ``language`` and ``quality`` are a voice's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["whisper", "piper"]
    repository: str
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    license: str
    files: tuple[ModelFile, ...]
    language: str = ""
    quality: Literal["", "x_low", "low", "medium", "high"] = ""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def weights(self) -> ModelFile:
        """The file that holds the numbers: the largest."""
        return max(self.files, key=lambda file: file.size)

    def url(self, file: ModelFile, hub_url: str) -> str:
        """Name the address of a file in a model hub."""
        return f"{hub_url.rstrip('/')}/{self.repository}/resolve/{self.revision}/{file.path}"


@cache
def pinned_models() -> dict[str, PinnedModel]:
    """Read the catalogue that ships with the package, by the names people install."""
    text = (files(__package__) / "models.toml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, PinnedModel]).validate_python(tomllib.loads(text))
