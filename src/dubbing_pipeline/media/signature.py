"""Recognises files that are no film by their first bytes, to say plainly what they are.

Safety does not rest on it: ffmpeg's whitelists hold without.
"""

from pathlib import Path

from dubbing_pipeline.errors import InputRefused

_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"<MPD", b"<asx", b"<smil")
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"<svg")
_ARCHIVES = (b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b", b"%PDF")
_XML_ROOTS = ((b"<MPD", "media.is_playlist"), (b"<svg", "media.is_image"))


def refuse_by_signature(path: Path, head: bytes) -> None:
    """Refuse what is plainly something else than a film.

    Args:
        path: For the message.
        head: The first bytes of the file, about four thousand.

    Raises:
        InputRefused: The file is empty, a playlist, a picture, an archive or text.
    """
    if not head:
        raise InputRefused("media.is_empty", path=str(path))
    code = _recognised(head.removeprefix(b"\xef\xbb\xbf").lstrip())
    if code:
        raise InputRefused(code, path=str(path))


def _recognised(start: bytes) -> str:
    for signs, code in (
        (_PLAYLISTS, "media.is_playlist"),
        (_IMAGES, "media.is_image"),
        (_ARCHIVES, "media.is_archive"),
    ):
        if start.startswith(signs):
            return code
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "media.is_image"
    if start.startswith(b"<"):
        return next((code for root, code in _XML_ROOTS if root in start), "media.is_text")
    return "media.is_text" if _is_text(start) else ""


def _is_text(start: bytes) -> bool:
    """Say whether bytes are plain text: UTF-8 (its last letter may be cut) and no controls."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) and start[2:].count(0) * 3 > len(start):
        return True
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 3:
            return False
        text = start[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter in "\t\n\r\f" for letter in text)
