"""Redaction: what may be shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.net.redact import redact_text, redact_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:s3cret@h:5000/v2/?n=5", "https://h:5000/v2/?n=5"),
        (
            "https://h/b?X-Amz-Signature=s3cret&digest=sha256%3Aab",
            "https://h/b?X-Amz-Signature=***&digest=sha256:ab",
        ),
        ("https://h/b?s3cret", "https://h/b?***"),
        ("https://[::1]:5/x", "https://[::1]:5/x"),
        ("https://h:port/", "***"),
    ],
)
def test_a_url_shows_only_what_was_asked_for(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@pytest.mark.parametrize(
    "text",
    [
        "denied for Bearer s3cretS3cret",
        "Authorization: Basic s3cretS3cret==",
        "see https://u:s3cretS3cret@h/ now",
        "at https://h/b?sig=s3cretS3cret",
        '{"password": "s3cretS3cret"}',
        "refresh_token=s3cretS3cret",
        "token eyJs3cretS3cret.eyJs3cretS3cret.s3cretS3cret",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    assert "s3cret" not in redact_text(text)


@pytest.mark.parametrize("text", ["bad é/secret!", "bad %C3%A9/secret%21", "bad %C3%A9%2Fsecret%21"])
def test_a_known_secret_is_hidden_in_every_form(text: str) -> None:
    assert redact_text(text, secrets=["é/secret!"]) == "bad ***"


def test_text_from_outside_is_one_printable_line() -> None:
    assert redact_text("a\x1b[31m\nb\r\tc") == "a [31m b c"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_redaction_never_fails_and_is_short(text: str) -> None:
    assert len(redact_text(text)) <= 300
    redact_url(text)
