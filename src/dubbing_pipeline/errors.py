"""Every error raised on purpose, as one tree.

::

    DubbingError
    ├── SettingsError          a setting is wrong: key, value, what was expected        exit 3
    │   └── SettingsErrors     several are; told together                               exit 3
    ├── UsageError             the call's words are off                                 exit 2
    ├── RefusedError           a rule of the house says no                              exit 4
    │   ├── Conflict           the thing is not in a state that allows it
    │   └── LimitReached       a cap or a quota is full
    ├── NotFoundError          what was named is not there                              exit 5
    ├── InputRefused           the film cannot be taken, and why                        exit 1
    ├── EngineMissing          an engine or its model is absent; names the command      exit 1
    ├── LanguageUnsupported    the engine at hand does not know the language or pair    exit 1
    ├── NothingToDub           there is no speech, or no sound at all                   exit 1
    ├── EngineFailed           an engine broke or answered nonsense                     exit 1
    ├── ProgramFailed          a program (ffmpeg, …) ended badly or ran out of limits   exit 1
    ├── OutOfSpace             the disk is full, or a quota is                          exit 1
    ├── VerifyFailed           the finished film does not hold what it must             exit 1
    ├── BackendUnavailable     Redis does not answer, or not as it must                 exit 1
    └── Cancelled              a person or a signal stopped the work                    exit 1

An error carries a *code* (``room.name``) and named parameters, nothing else. The words are in
the catalogues under ``locale/`` and are put together only where a person reads them.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

Param = str | int | float | None
"""What a message can show. Secrets are never parameters."""

FailureClass = Literal["permanent", "transient", "resource", "crash", "interruption"]
"""What a scheduler may do with a failure; the names are stable and cross process borders."""


class DubbingError(Exception):
    """Root of the tree. ``parts`` holds the errors that one error gathers; mostly none.

    Args:
        code: Key into the message catalogues, ``room.name``.
        params: Values for the placeholders of that message.
    """

    exit_code: ClassVar[int] = 1
    failure: ClassVar[FailureClass] = "permanent"
    parts: "tuple[DubbingError, ...]"

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params
        self.parts = ()

    def __str__(self) -> str:
        shown = " ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code} {shown}".rstrip()

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the parameters when the error crosses a process border."""
        return (_rebuild, (type(self), self.code, self.params))


def _rebuild(kind: type[DubbingError], code: str, params: dict[str, Param]) -> DubbingError:
    return kind(code, **params)


class SettingsError(DubbingError):
    """A setting is wrong. Parameters: ``key``, ``value`` (never a secret's), what was expected."""

    exit_code: ClassVar[int] = 3


class SettingsErrors(SettingsError):
    """Several settings are wrong; a person wants to hear of all of them at once."""

    def __init__(self, parts: Sequence[SettingsError]) -> None:
        super().__init__("config.several", count=len(parts))
        self.parts = tuple(parts)

    def __reduce__(self) -> tuple[object, ...]:
        return (SettingsErrors, (self.parts,))


class UsageError(DubbingError):
    """The call itself is off: an option, a value, a combination."""

    exit_code: ClassVar[int] = 2


class RefusedError(DubbingError):
    """A rule of the house says no, though the call is well formed."""

    exit_code: ClassVar[int] = 4


class Conflict(RefusedError):
    """The thing named is not in a state that allows what was asked."""


class LimitReached(RefusedError):
    """A cap or a quota is full; the same call may work later."""


class NotFoundError(DubbingError):
    """What was named is not there."""

    exit_code: ClassVar[int] = 5


class InputRefused(DubbingError):
    """The film or subtitle file cannot be taken; the code says why."""


class EngineMissing(DubbingError):
    """An engine or its model is absent. Parameter ``fix`` is the exact command that brings it."""


class LanguageUnsupported(DubbingError):
    """The engine at hand does not know the language, or the pair of languages."""


class NothingToDub(DubbingError):
    """There is no speech in the film, or no sound at all: a reasoned result, not a film."""


class EngineFailed(DubbingError):
    """An engine broke, or answered nonsense. ``transient`` ones may be tried again."""


class EngineUnreachable(EngineFailed):
    """A network engine did not answer, or said to come back later."""

    failure: ClassVar[FailureClass] = "transient"


class ProgramFailed(DubbingError):
    """A program ended badly. Parameter ``detail`` holds the end of its error output."""

    failure: ClassVar[FailureClass] = "transient"


class ProgramOverLimit(ProgramFailed):
    """A program used more time, memory or disk than it was allowed."""

    failure: ClassVar[FailureClass] = "resource"


class OutOfSpace(DubbingError):
    """The disk is full, or a quota is. Nothing half-written stays under a final name."""

    failure: ClassVar[FailureClass] = "resource"


class VerifyFailed(DubbingError):
    """The finished film does not hold what it must; the report names the checks."""


class BackendUnavailable(DubbingError):
    """Redis does not answer in time, or not at all. Parameter ``reason`` is for the operator."""

    failure: ClassVar[FailureClass] = "transient"


class BackendUnfit(BackendUnavailable):
    """Redis answers, and says that it cannot do our work: read-only, out of memory, forbidden.

    One such answer is enough to leave level 2.
    """


class Cancelled(DubbingError):
    """A person or a signal stopped the work. What was finished is kept."""

    failure: ClassVar[FailureClass] = "interruption"
