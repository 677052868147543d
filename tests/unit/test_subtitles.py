"""Subtitles of users are read as they are, or refused with the line that is wrong."""

import pytest
from hypothesis import given, strategies as st

from dubbing_pipeline.errors import InputRefused
from dubbing_pipeline.media.cues import Cue
from dubbing_pipeline.media.subtitles import parse_subtitles

ASS = """[Script Info]
Title: x

[V4+ Styles]
Style: Default,Arial,nonsense

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not shown
Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 10 10{\\p0}
Dialogue: 1,0:00:01.50,0:00:02.50,Default,Anna  B,0,0,0,,{\\an8}Hola, {\\i1}tú{\\i0}\\Nsí
Dialogue: 0,0:00:01.50,0:00:02.50,Default,Anna  B,0,0,0,,Hola, tú\\Nsí
"""


def srt(*bodies: str) -> bytes:
    """Number texts as SRT cues of one second each."""
    blocks = (
        f"{at + 1}\n00:00:{at:02},000 --> 00:00:{at + 1:02},000\n{body}\n"
        for at, body in enumerate(bodies)
    )
    return "\n".join(blocks).encode()


def texts(data: bytes) -> list[str]:
    return [cue.text for cue in parse_subtitles(data)]


def who_says(data: bytes) -> list[tuple[str, str]]:
    return [(cue.speaker, cue.text) for cue in parse_subtitles(data)]


def refusal(data: bytes) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        parse_subtitles(data, name="film.srt")
    return caught.value


def test_an_srt_cue_has_its_times_text_and_line() -> None:
    data = b"1\n00:00:01,500 --> 00:00:03,250\nHola\nmundo\n"
    assert parse_subtitles(data) == (Cue(1500, 3250, "Hola\nmundo", row=2),)


def test_hours_and_short_fractions_are_read() -> None:
    (cue,) = parse_subtitles(b"1:02:03.5 --> 01:02:04,25\nx\n")
    assert (cue.start_ms, cue.end_ms) == (3_723_500, 3_724_250)


def test_tags_and_positions_are_dropped() -> None:
    assert texts(srt('{\\an8}<i>Hola</i> <font color="#fff">tú</font> 3 < 4')) == ["Hola tú 3 < 4"]


def test_an_empty_line_inside_an_srt_text_ends_nothing() -> None:
    assert texts(srt("one\n\ntwo", "three")) == ["one\ntwo", "three"]


def test_a_missing_empty_line_between_cues_is_forgiven() -> None:
    data = b"1\n00:00:00,000 --> 00:00:01,000\none\n2\n00:00:01,000 --> 00:00:02,000\ntwo\n"
    assert texts(data) == ["one", "two"]


def test_a_text_that_is_a_number_stays() -> None:
    assert texts(srt("42", "43")) == ["42", "43"]


def test_a_number_stays_text_where_cues_are_not_numbered() -> None:
    data = b"00:00:00,000 --> 00:00:01,000\n42\n\n00:00:01,000 --> 00:00:02,000\ntwo\n"
    assert texts(data) == ["42", "two"]


def test_windows_line_ends_and_a_byte_order_mark_are_forgiven() -> None:
    data = b"\xef\xbb\xbf" + srt("uno", "dos").replace(b"\n", b"\r\n")
    assert texts(data) == ["uno", "dos"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_letters_survive_every_encoding_that_can_be_told(encoding: str) -> None:
    data = srt("¿Dónde está el niño? Aquí, en la cocina.").decode().encode(encoding)
    assert texts(data) == ["¿Dónde está el niño? Aquí, en la cocina."]


def test_letters_of_another_code_page_are_not_guessed() -> None:
    assert refusal(srt("Привет, как дела").decode().encode("cp1251")).code == (
        "media.subtitle_encoding"
    )


def test_cues_out_of_order_are_put_in_order() -> None:
    data = b"00:00:05,000 --> 00:00:06,000\nb\n\n00:00:01,000 --> 00:00:02,000\na\n"
    assert texts(data) == ["a", "b"]


def test_overlapping_cues_are_kept() -> None:
    data = b"00:00:01,000 --> 00:00:04,000\na\n\n00:00:02,000 --> 00:00:03,000\nb\n"
    assert [(c.start_ms, c.end_ms) for c in parse_subtitles(data)] == [(1000, 4000), (2000, 3000)]


def test_cues_without_text_are_dropped() -> None:
    assert texts(srt("<i></i>", "two")) == ["two"]


@pytest.mark.parametrize(
    ("data", "line", "code"),
    [
        (b"1\n00:00:01,000 --> 00:00:01,000\nx\n", 2, "media.cue_without_time"),
        (b"1\n00:00:02,000 --> 00:00:01,000\nx\n", 2, "media.cue_without_time"),
        (b"1\n00:00:01,000 -> 00:00:02,000\nx\n", 2, "media.subtitle_line"),
        (b"1\n00:61:01,000 --> 00:62:02,000\nx\n", 2, "media.subtitle_line"),
        (b"\n\nhello --> you\n", 3, "media.subtitle_line"),
        (b"\n<html>\n", 2, "media.subtitle_line"),
        (b"1\n99:00:00,000 --> 99:00:01,000\nx\n", 2, "media.cue_too_late"),
        (srt("x" * 2001), 2, "media.cue_too_long"),
        (srt("x" * 10_001), 3, "media.line_too_long"),
        (ASS.replace("0:00:03.00", "soon").encode(), 10, "media.subtitle_line"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(data: bytes, line: int, code: str) -> None:
    error = refusal(data)
    assert (error.code, error.params["line"], error.params["name"]) == (code, line, "film.srt")


@pytest.mark.parametrize("data", [b"", b"WEBVTT\n", b"1\n2\n3\n", ASS[:200].encode()])
def test_a_file_without_cues_is_refused(data: bytes) -> None:
    assert refusal(data).code == "media.no_cues"


def test_too_many_cues_are_refused() -> None:
    data = b"\n".join(b"00:00:00,000 --> 00:00:01,000\nx\n" for _ in range(20_001))
    assert refusal(data).code == "media.too_many_cues"


def test_webvtt_notes_styles_names_and_settings_are_no_text() -> None:
    data = (
        "WEBVTT Kind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE not this\n\nintro\n"
        "00:01.000 --> 00:02.000 align:start line:0\n<c.yellow>one</c> &amp; <b>two</b>\n\n"
        "NOTE nor this\n\n00:02.000 --> 00:03.000\nthree\n"
    )
    assert texts(data.encode()) == ["one & two", "three"]


def test_webvtt_voices_are_speakers() -> None:
    data = b"WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Anna Maria>Hola\n"
    assert who_says(data) == [("Anna Maria", "Hola")]


def test_two_voices_in_one_cue_share_its_time() -> None:
    data = b"WEBVTT\n\n00:00.000 --> 00:03.000\n<v Anna>ab</v>\n<v Ben>wxyz</v>\n"
    spans = [(cue.start_ms, cue.end_ms, cue.speaker) for cue in parse_subtitles(data)]
    assert spans == [(0, 1000, "Anna"), (1000, 3000, "Ben")]


def test_ass_gives_speech_with_its_actor_once_without_drawings_and_comments() -> None:
    assert parse_subtitles(ASS.encode()) == (Cue(1500, 2500, "Hola, tú\nsí", "Anna B", 12),)


def test_ssa_of_the_older_kind_is_read() -> None:
    data = b"[Script Info]\n[Events]\nDialogue: Marked=0,0:00:01.00,0:00:02.00,D,A,0,0,0,,hi\n"
    assert parse_subtitles(data) == (Cue(1000, 2000, "hi", "A", 3),)


@pytest.mark.parametrize(
    ("text", "speaker", "said"),
    [
        ("ANNA: hola", "ANNA", "hola"),
        ("DR. LÓPEZ:  hola", "DR. LÓPEZ", "hola"),
        ("[Anna] hola", "Anna", "hola"),
        ("[Anna]: hola", "Anna", "hola"),
        ("Remember: lock the door", "", "Remember: lock the door"),
        ("it is 12:30 now", "", "it is 12:30 now"),
        ("see: this", "", "see: this"),
        ("[door slams] who is it?", "", "[door slams] who is it?"),
        ("Note to all of you: run", "", "Note to all of you: run"),
    ],
)
def test_a_name_before_the_text_is_its_speaker(text: str, speaker: str, said: str) -> None:
    assert who_says(srt(text, "x", "y", "z"))[0] == (speaker, said)


def test_a_written_name_is_a_speaker_once_it_comes_twice() -> None:
    found = who_says(srt("Anna: hola", "y", "z", "Anna: adiós", "w"))
    assert [name for name, _ in found] == ["Anna", "", "", "Anna", ""]


def test_lines_with_dashes_are_said_one_after_the_other() -> None:
    cues = parse_subtitles(srt("- Hola, Ana\n- ¿Qué\ntal?"))
    assert [cue.text for cue in cues] == ["Hola, Ana", "¿Qué\ntal?"]
    assert cues[0].end_ms == cues[1].start_ms


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Hola\nmundo", "Hola mundo"),
        ("(whispers) come [door] in", "come in"),
        ("[door slams]", ""),
        ("♪ la la la ♪", ""),
        ("...", ""),
    ],
)
def test_only_speech_is_spoken(text: str, spoken: str) -> None:
    assert Cue(0, 1000, text).spoken == spoken


FRAGMENTS = st.sampled_from(
    [
        *(
            "WEBVTT\n",
            "[Events]\n",
            "[Script Info]\n",
            "1\n",
            "\n",
            "\r\n",
            "NOTE x\n",
            "-->",
            "\x00",
        ),
        *(
            "00:00:01,000 --> 00:00:02,000\n",
            "00:01.000 --> 00:02.000 line:0\n",
            "<v Anna>",
            "</v>",
        ),
        *(
            "Dialogue: 0,0:00:01.00,0:00:02.00,D,A,0,0,0,,x\\Ny\n",
            "{\\p1}",
            "{\\",
            "}",
            "<",
            "&lt;",
        ),
        *(
            "ANNA: ",
            "[Anna] ",
            "- a\n- b\n",
            "♪",
            "42\n",
            "\ufeff",
            "Dialogue:",
            "٣",
            "00:00:01,٣٣",
        ),
    ]
)


@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(FRAGMENTS | st.text(max_size=9)).map(
            lambda parts: "".join(parts).encode("utf-8", "replace")
        ),
    )
)
def test_any_bytes_are_read_or_refused_in_our_own_words(data: bytes) -> None:
    try:
        cues = parse_subtitles(data)
    except InputRefused:
        return
    assert all(0 <= cue.start_ms < cue.end_ms and cue.text.strip() for cue in cues)
    assert [c.start_ms for c in cues] == sorted(c.start_ms for c in cues)
