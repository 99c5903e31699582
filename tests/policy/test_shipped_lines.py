"""The policies that ship, on single lines of Dockerfiles."""

from __future__ import annotations

import pytest

from tests.policy.shipped import GOOD, HARDENING, fired, seen


@pytest.mark.parametrize(
    ("line", "nist", "cis"),
    [
        ("USER 0", "nist-root-user", "cis-4.1-user"),
        ("EXPOSE 22/tcp", "nist-ssh-port", ""),
        ("HEALTHCHECK NONE", "nist-healthcheck-off", "cis-4.6-healthcheck-off"),
        (
            'HEALTHCHECK {["NONE"] "0s" "0s" "0s" \'\\x00\'}',
            "nist-healthcheck-off",
            "cis-4.6-healthcheck-off",
        ),
        (
            'HEALTHCHECK &{["NONE"] "0s" "0s" "0s" "0s" \'\\x00\'}',
            "nist-healthcheck-off",
            "cis-4.6-healthcheck-off",
        ),
        ("ADD a.tar /", "nist-add", "cis-4.9-add"),
        ("RUN apt-get update", "nist-lone-update", "cis-4.7-lone-update"),
        ("RUN set -eux; apk --no-cache update", "nist-lone-update", "cis-4.7-lone-update"),
        *(
            (f"RUN {lone}", "nist-lone-update", "cis-4.7-lone-update")
            for lone in (
                "DEBIAN_FRONTEND=noninteractive apt-get update",
                '["apt-get", "update", "-y"]',
                "--mount=type=cache,target=/var/cache/apt apt-get update",
                "/usr/bin/apt-get update -o Acquire::Retries=3 || true",
            )
        ),
        ("RUN apt-get update && sudo -u x make", "nist-sudo-used", ""),
        ("ENV DB_PASS=hunter2", "nist-secret-env", "cis-4.10-secret-env"),
        ("ENV A=1 DB_PASSWORD=hunter2", "nist-secret-env", "cis-4.10-secret-env"),
        ('ENV API_TOKEN "abc"', "nist-secret-env", "cis-4.10-secret-env"),
        ("ARG GITHUB_TOKEN=abc", "nist-secret-arg", "cis-4.10-secret-arg"),
        ("RUN apt-get install -y --allow-unauthenticated x", "", "cis-4.11-unverified"),
        ("RUN curl -k https://example.org/x -o x", "", "cis-4.11-unverified"),
        ("RUN npm config set strict-ssl false", "", "cis-4.11-unverified"),
        ("RUN curl -sSL https://example.org/x | sh", "", "cis-4.11-piped"),
        *(
            (f"RUN {piped}", "", "cis-4.11-piped")
            for piped in (
                "curl -s 'https://example.org/x?a=1&b=2' | tee x | bash -s -- -y",
                "curl -sSL https://install.example.org | python3 -",
                'sh -c "$(curl -fsSL https://example.org/x)"',
                "bash <(curl -s https://example.org/x)",
            )
        ),
    ],
)
def test_a_bad_line_is_found(line: str, nist: str, cis: str) -> None:
    text = GOOD + line + ("\nUSER app\n" if not line.startswith("USER") else "\n")
    for name, wanted in (("nist-sp-800-190", nist), ("cis-docker-4", cis)):
        assert fired(name, seen(text)) == ({wanted} if wanted else set())


@pytest.mark.parametrize(
    "line",
    [
        "RUN apt-get update && apt-get install -y curl",
        "RUN apt-get install sudoku",
        "ENV DB_PASSWORD_FILE=/run/secrets/db",
        "ENV DB_PASSWORD=",
        "ENV DB_PASSWORD=$DB_PASSWORD",
        "ENV COMPASS=north BYPASS=1",
        'ENV MESSAGE="the password is asked for"',
        "ARG GITHUB_TOKEN",
        "ARG GITHUB_TOKEN NPM_TOKEN",
        "RUN apt-get update && rm -rf /var/lib/apt/lists/*",
        "RUN echo apt-get update",
        "RUN curl -fsSL https://example.org/x.tgz | tar -xz",
        "RUN curl -fsSL https://example.org/x.json | python3 -c 'import json'",
        "RUN curl -fsSLo x.sh https://example.org/x && echo abc | sha256sum -c - && cat y | sh",
        "EXPOSE 2222",
        "HEALTHCHECK CMD none",
        "RUN curl -fsSLo x.sh https://example.org/x && sha256sum -c x.sum",
    ],
)
@pytest.mark.parametrize("name", HARDENING)
def test_a_good_line_is_left_alone(name: str, line: str) -> None:
    assert fired(name, seen(f"{GOOD}{line}\n")) == set()


@pytest.mark.parametrize(
    ("base", "nist", "cis"),
    [
        ("debian:12", set(), {"cis-4.5-digest"}),
        ("--platform=linux/amd64 docker.io/library/debian:12 AS x", set(), {"cis-4.5-digest"}),
        ("debian", {"nist-tag-missing"}, {"cis-4.5-digest"}),
        ("debian:latest", {"nist-tag-latest"}, {"cis-4.5-digest"}),
        ("scratch", set(), set()),
        ("evil.example:5000/debian:12", {"nist-base-image"}, {"cis-4.2-base-image", "cis-4.5-digest"}),
        ("someone/debian:12", {"nist-base-image"}, {"cis-4.2-base-image", "cis-4.5-digest"}),
    ],
)
def test_base_images_are_judged(base: str, nist: set[str], cis: set[str]) -> None:
    text = f"FROM {base}\nHEALTHCHECK CMD x\nUSER app\n"
    assert (fired("nist-sp-800-190", seen(text)), fired("cis-docker-4", seen(text))) == (nist, cis)
