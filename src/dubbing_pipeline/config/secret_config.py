"""Every secret setting. The values are never shown, logged, or passed on a command line."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr

from dubbing_pipeline.config.field import Expects, setting
from dubbing_pipeline.config.handed_in import HandedInSettings
from dubbing_pipeline.config.values import check_redis_url


def _redis(secret: SecretStr) -> SecretStr:
    check_redis_url(secret.get_secret_value())
    return secret


RedisUrl = Annotated[
    SecretStr,
    AfterValidator(_redis),
    Expects("redis://[user:password@]host[:port][/db], rediss://…, unix:///path", "url"),
]


class SecretConfig(HandedInSettings):
    """The settings that nobody may read but the process itself."""

    redis_url: RedisUrl | None = setting(
        "Redis server of the queue's second level, with its password.", default=None, bare=True
    )
    stt_key: SecretStr | None = setting(
        "Key of the recognition endpoint.", default=None, scope="worker"
    )
    llm_key: SecretStr | None = setting(
        "Key of the translation endpoint.", default=None, scope="worker"
    )
    tts_key: SecretStr | None = setting("Key of the speech endpoint.", default=None, scope="worker")
