"""What a film consists of, as values. Times count from the film's own start, in milliseconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VideoStream:
    """A picture stream. ``index`` is ffmpeg's number of the stream in the file.

    ``frame_rate`` is the average, ``nominal_frame_rate`` the grid that all frames fit on; where
    they differ the rate is variable. ``rotation_deg`` is how far a player turns the picture
    clockwise: 0, 90, 180 or 270. ``start_ms`` is where its first frame stands in the film.
    """

    index: int
    codec: str
    profile: str
    pixel_format: str
    width: int
    height: int
    rotation_deg: int = 0
    frame_rate: float = 0.0
    nominal_frame_rate: float = 0.0
    start_ms: int = 0
    default: bool = False

    @property
    def is_variable_rate(self) -> bool:
        """Whether frames are more than a fiftieth off an even grid, by the file's own word."""
        if not self.frame_rate or not self.nominal_frame_rate:
            return False
        return abs(self.nominal_frame_rate / self.frame_rate - 1) > 0.02


@dataclass(frozen=True, slots=True)
class AudioStream:
    """A sound stream. ``language`` is a primary subtag, or "" where the file does not say."""

    index: int
    codec: str
    channels: int
    sample_rate_hz: int
    layout: str = ""
    language: str = ""
    title: str = ""
    default: bool = False
    start_ms: int = 0


@dataclass(frozen=True, slots=True)
class SubtitleStream:
    """A subtitle stream."""

    index: int
    codec: str
    language: str = ""
    title: str = ""
    default: bool = False
    forced: bool = False


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A film. ``container`` is one of ``ffmpeg.FILM_FORMATS``.

    Cover pictures, attachments, data and codecs we do not know are not among the streams;
    ``dropped`` counts them. ``total`` counts all streams of the file.
    """

    container: str
    duration_ms: int
    size_bytes: int = 0
    video: tuple[VideoStream, ...] = ()
    audio: tuple[AudioStream, ...] = ()
    subtitles: tuple[SubtitleStream, ...] = ()
    chapters: int = 0
    dropped: int = 0
    total: int = 0
    unknown_codecs: tuple[str, ...] = ()

    @property
    def picture(self) -> VideoStream | None:
        """The film's own picture: the default one, else the first; None for sound alone."""
        chosen = [stream for stream in self.video if stream.default] or list(self.video)
        return chosen[0] if chosen else None
