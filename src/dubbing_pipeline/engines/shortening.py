"""Shorter ways to say a line, by rule: what translators for the screen leave out first. Pure.

Only words that carry no fact go: lead-ins ("I think that"), fillers ("well", "you know") and
intensifiers ("really"). Nothing with a digit or a name in it is ever dropped, negations stay, and
a line that would lose half of itself is left alone. It is an offer: the full text is taken
wherever it fits.
"""

import re

_DROPPED = {
    "en": (
        r"(?:I (?:think|believe|guess|suppose|mean)|you know|you see)(?: that)?",
        r"well|actually|really|basically|of course|in fact|very|quite|just",
    ),
    "es": (
        r"(?:creo|pienso|supongo|me parece) que|la verdad es que|o sea|ya sabes|ya ves",
        r"pues|bueno|realmente|en realidad|por supuesto|de hecho|muy|simplemente",
    ),
}
"""By language, what may go; a comma that parts it from the rest goes with it."""

_KEPT_SHARE = 0.5
_NOT_BEFORE = r"(?!\s+(?:not|no|never|nunca|nada)\b)"
"""A negation leans on the word before it: "not really" would turn into "not"."""

_NOT_AFTER = r"(?<!\bnot )(?<!\bno )(?<!\bnever )"


def shortened(text: str, language: str) -> str | None:
    """Leave out what carries no fact; None if there is nothing of the kind, or too much is.

    Args:
        text: One line.
        language: Its primary subtag.
    """
    short = text
    for words in _DROPPED.get(language, ()):
        pattern = rf"{_NOT_AFTER}\b(?:{words})\b{_NOT_BEFORE},?\s*"
        short = re.sub(pattern, "", short, flags=re.IGNORECASE)
    short = re.sub(r"\s*,\s*(?=[,.!?]|$)", "", short).strip(" ,")
    if short == text.strip() or len(short) < _KEPT_SHARE * len(text):
        return None
    return short[:1].upper() + short[1:] if text[:1].isupper() else short
