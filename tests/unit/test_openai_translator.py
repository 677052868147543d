"""A language model that misbehaves in every way we have heard of, over a real socket."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from dubbing_pipeline.engines.base import TranslationLine, TranslationRequest, Variants
from dubbing_pipeline.engines.openai.translator import CHUNK_SIZES, OpenAiTranslator, chunks
from dubbing_pipeline.engines.openai.wire import Wire
from dubbing_pipeline.engines.settings import Endpoint
from dubbing_pipeline.errors import EngineFailed, LanguageUnsupported
from fakes.clock import FakeClock
from fakes.http_service import HttpService, Received, Reply, serving

SAID = {1: "Good morning.", 2: "He has 3 dogs.", 3: "Where is the station?"}
MEANT = {1: "Buenos días.", 2: "Tiene 3 perros.", 3: "¿Dónde está la estación?"}

Model = Callable[[dict[str, Any]], str]
"""Takes the user message as data, gives the model's text."""


def talking(model: Model) -> Callable[[Received], Reply]:
    def answer(received: Received) -> Reply:
        asked = json.loads(received.body)
        text = model(json.loads(asked["messages"][-1]["content"]))
        completion = {"choices": [{"message": {"role": "assistant", "content": text}}]}
        return Reply(json.dumps(completion).encode())

    return answer


def line(number: int, text: str = "", **more: str) -> dict[str, Any]:
    return {"id": number, "short": "", "normal": text or MEANT[number], "long": "", **more}


def as_json(lines: list[dict[str, Any]]) -> str:
    return json.dumps({"lines": lines})


def well(user: dict[str, Any]) -> str:
    return as_json([line(each["id"]) for each in user["lines"]])


def request(said: dict[int, str] = SAID, **more: Any) -> TranslationRequest:
    lines = [TranslationLine(number, text) for number, text in said.items()]
    return TranslationRequest("en", "es", lines, **more)


def translate(service: HttpService, asked: TranslationRequest) -> tuple[Variants, ...]:
    wire = Wire(Endpoint(service.url, "model-x"), clock=FakeClock())
    return OpenAiTranslator(wire).translate(asked, tick=lambda _: None)


def answers(model: Model, asked: TranslationRequest | None = None) -> dict[int, str]:
    with serving(talking(model)) as service:
        return {each.id: each.texts[0] for each in translate(service, asked or request())}


def first_badly(bad: Model) -> Model:
    calls: list[int] = []

    def model(user: dict[str, Any]) -> str:
        calls.append(1)
        return bad(user) if len(calls) == 1 else well(user)

    return model


def test_all_lines_come_back_in_their_order() -> None:
    assert answers(lambda user: as_json([line(3), line(1), line(2)])) == MEANT


def test_the_variants_are_offered_normal_first_and_once_each() -> None:
    def model(_: dict[str, Any]) -> str:
        return as_json([line(1, short="Buenas.", long="Muy buenos días.")])

    with serving(talking(model)) as service:
        found = translate(service, request({1: SAID[1]}))
    assert found == (Variants(1, ("Buenos días.", "Buenas.", "Muy buenos días.")),)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(lambda _: as_json([line(1), line(3)]), id="an id missing"),
        pytest.param(lambda _: as_json([line(1), line(2), line(2), line(3)]), id="an id twice"),
        pytest.param(lambda _: as_json([line(1), line(2, "  "), line(3)]), id="an empty text"),
        pytest.param(lambda _: as_json([line(1), line(2), line(3)])[:-60], id="JSON cut off"),
        pytest.param(lambda _: "I am sorry, I cannot do that.", id="a refusal"),
        pytest.param(lambda _: "", id="nothing"),
        pytest.param(
            lambda _: as_json([line(1), line(2, "Вот 3 собаки."), line(3)]), id="another script"
        ),
        pytest.param(
            lambda _: as_json([line(1), line(2, "Tiene tres perros."), line(3)]), id="number lost"
        ),
        pytest.param(
            lambda _: as_json([line(1), line(2, "Tiene 3 perros. " * 40), line(3)]), id="rambling"
        ),
        pytest.param(
            lambda _: as_json([line(1), {"id": "two", "normal": "x"}, line(3)]), id="id no number"
        ),
    ],
)
def test_what_is_missing_or_wrong_is_asked_for_again(bad: Model) -> None:
    assert answers(first_badly(bad)) == MEANT


@pytest.mark.parametrize(
    "dress",
    [
        '<think>1 is easy {{"id": 9}}</think>{}',
        "```json\n{}\n```",
        "Here you are:\n{}\nAnything else?",
        "<thinking>never closed before the end of the thought</thinking>\n\n{}",
    ],
)
def test_thoughts_fences_and_chatter_are_taken_off(dress: str) -> None:
    assert answers(lambda user: dress.format(well(user))) == MEANT


def test_ids_nobody_asked_for_are_left_out() -> None:
    assert answers(lambda user: as_json([line(1), line(2), line(3), line(77, "¿Qué?")])) == MEANT


def test_only_what_is_missing_is_asked_for_again() -> None:
    asked: list[list[int]] = []

    def model(user: dict[str, Any]) -> str:
        asked.append([each["id"] for each in user["lines"]])
        return as_json([line(each["id"]) for each in user["lines"] if each["id"] != 2 or asked[1:]])

    assert answers(model) == MEANT
    assert asked == [[1, 2, 3], [2]]


def test_a_line_that_never_comes_is_an_error_that_names_it() -> None:
    def model(user: dict[str, Any]) -> str:
        return as_json([line(each["id"]) for each in user["lines"] if each["id"] != 2])

    with serving(talking(model)) as service, pytest.raises(EngineFailed) as caught:
        translate(service, request())
    assert caught.value.code == "engines.lines_unanswered"
    assert caught.value.params["lines"] == "2"
    assert len(service.received) == len(CHUNK_SIZES)


def test_an_echo_of_the_question_is_no_translation() -> None:
    said = {1: "The train to London leaves at noon."}
    calls: list[int] = []

    def model(user: dict[str, Any]) -> str:
        calls.append(1)
        return as_json([line(1, said[1] if len(calls) == 1 else "El tren sale a mediodía.")])

    assert answers(model, request(said)) == {1: "El tren sale a mediodía."}


def test_terms_and_numbers_a_model_will_not_keep_are_taken_out_of_its_reach() -> None:
    """It writes numbers in words and translates names, until it sees only placeholders."""
    said = {1: "NASA launched 12 rockets."}

    def model(user: dict[str, Any]) -> str:
        shown = user["lines"][0]["text"]
        kept = "[0]" in shown and "[1]" in shown
        return as_json([line(1, "[0] lanzó [1] cohetes." if kept else "La agencia lanzó doce.")])

    found = answers(model, request(said, glossary={"NASA": "la NASA"}))
    assert found == {1: "la NASA lanzó 12 cohetes."}


def test_the_glossary_and_the_room_of_a_line_are_told() -> None:
    seen: list[dict[str, Any]] = []

    def model(user: dict[str, Any]) -> str:
        seen.append(user)
        return as_json([line(1, "El motor, señor.")])

    asked = TranslationRequest(
        "en",
        "es",
        [TranslationLine(1, "The engine, sir.", "Ann", 2_000)],
        {"engine": "motor", "wing": "ala"},
        15.0,
    )
    assert answers(model, asked) == {1: "El motor, señor."}
    assert seen[0]["lines"] == [
        {"id": 1, "text": "The engine, sir.", "speaker": "Ann", "characters": 30}
    ]
    assert seen[0]["glossary"] == {"engine": "motor"}


def test_long_films_go_in_chunks_with_what_stands_around() -> None:
    said = {number: f"This is line {number}." for number in range(1, 26)}
    seen: list[dict[str, Any]] = []

    def model(user: dict[str, Any]) -> str:
        seen.append(user)
        return as_json([line(n["id"], f"Esta es la línea {n['id']}.") for n in user["lines"]])

    assert len(answers(model, request(said))) == 25
    assert [len(each["lines"]) for each in seen] == [10, 10, 5]
    assert seen[1]["before"][-1] == {
        "text": "This is line 10.",
        "translation": "Esta es la línea 10.",
    }
    assert seen[1]["after"] == ["This is line 21.", "This is line 22."]


def test_chunks_are_short_in_characters_too() -> None:
    lines = [TranslationLine(number, "x" * 700) for number in range(4)]
    assert [len(chunk) for chunk in chunks(lines, 10)] == [2, 2]


def test_a_server_without_json_schema_is_asked_in_a_plainer_dialect_and_it_stays_so() -> None:
    forms: list[Any] = []

    def answer(received: Received) -> Reply:
        asked = json.loads(received.body)
        forms.append(asked.get("response_format", {}).get("type"))
        if forms[-1] is not None:
            return Reply(b'{"error": "unknown response_format"}', 400)
        return talking(well)(received)

    with serving(answer) as service:
        wire = Wire(Endpoint(service.url, "m"), clock=FakeClock())
        engine = OpenAiTranslator(wire)
        for _ in range(2):
            assert engine.translate(request(), tick=lambda _: None)
    assert forms == ["json_schema", "json_schema", "json_object", None, None]


def test_a_server_that_refuses_everything_is_an_error() -> None:
    with serving(lambda _: Reply(b"no", 422)) as service, pytest.raises(EngineFailed) as caught:
        translate(service, request())
    assert caught.value.code == "engines.endpoint_refused"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"choices": [{"message": 5}]}'])
def test_an_answer_that_is_no_completion_is_an_error(body: bytes) -> None:
    with serving(lambda _: Reply(body)) as service, pytest.raises(EngineFailed) as caught:
        translate(service, request())
    assert caught.value.code == "engines.answer_unreadable"


def test_a_language_nobody_knows_is_refused_before_asking() -> None:
    with serving(talking(well)) as service, pytest.raises(LanguageUnsupported):
        translate(service, TranslationRequest("en", "tlh", [TranslationLine(1, "Hi.")]))
    assert not service.received
