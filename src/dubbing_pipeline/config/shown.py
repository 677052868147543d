"""Settings as a person may see them: written as in an environment, secrets masked."""

from typing import Any

from pydantic import SecretStr

from dubbing_pipeline.config.settings import Settings, describe

MASK = "***"


def shown_values(settings: Settings) -> list[dict[str, str]]:
    """Give name, value and origin of every setting, in the order of the model."""
    return [
        {
            "name": field.env,
            "value": written(
                getattr(settings.secret if field.secret else settings.public, field.name)
            ),
            "origin": settings.origins[field.env],
        }
        for field in describe()
    ]


def written(value: Any) -> str:
    """Write a value as an environment would hold it; a secret as ``***``, nothing as ""."""
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(int(value))
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
