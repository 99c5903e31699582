"""Text from an image, made fit to show: nothing in it may steer a terminal, a parser or a reader's eye."""

from __future__ import annotations

from anchore_gate.regex import regex

# C0 and C1 controls but tab and newline; lone surrogates; noncharacters; and what reorders or hides text
# (https://trojansource.codes): bidirectional marks, zero-width space, line separators, byte order mark.
_UNFIT = regex(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
# GitHub and Azure run what a log line begins with so, and a report may be printed in a log.
_COMMAND = regex(r"\n([^\S\n]*)(?=::|##\[|##vso\[)")
_SPACE = regex(r"\s+")


def fit(text: str, *, limit: int = 4_000) -> str:
    """The text without characters that are illegal in XML 1.0, unseen or misleading, cut at `limit`."""
    whole = len(text)
    if whole > limit:
        text = text[:limit]
    if not (text.isascii() and text.isprintable()):
        text = _UNFIT.sub("", text)
        if "\n" in text:
            text = _COMMAND.sub(r"\n\1| ", text)
    return text if whole <= limit else f"{text.rstrip()} … ({whole - limit} more characters)"


def line(text: str, *, limit: int = 300) -> str:
    """The text on one line: runs of white space become one blank."""
    whole = len(text)
    if whole <= limit and text.isascii() and text.isprintable() and "  " not in text and text == text.strip():
        return text
    text = _SPACE.sub(" ", _UNFIT.sub("", text[: limit * 4])).strip()
    return text if whole <= limit * 4 and len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
