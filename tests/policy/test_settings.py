"""What the analysis looks for: Anchore's analyzer configuration, and the table of our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anchore_gate.errors import ConfigError
from anchore_gate.image.literals import required_literals
from anchore_gate.image.search import _Compiled
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.settings import (
    NO_LIMIT,
    AnalyzerSettings,
    NamedExpression,
    load_settings,
    with_table,
)
from anchore_gate.policy.target import Target
from anchore_gate.values import replace
from tests.policy.support import bundle, rule

BASE = AnalyzerSettings.default()
KEY = {"PRIV_KEY": "-----BEGIN"}


def table(**tables: Any) -> AnalyzerSettings:
    return with_table(tables, base=BASE)


def test_an_empty_table_changes_nothing() -> None:
    assert with_table({}, base=BASE) == BASE
    assert table(secrets={}, contents={}, retrieve={}, malware={}) == BASE


def test_expressions_come_beside_the_defaults_or_in_their_place() -> None:
    names = [one.name for one in BASE.secrets]

    beside = table(secrets={"expressions": {"MINE": "x"}}).secrets
    changed = table(secrets={"expressions": KEY}).secrets
    alone = table(secrets={"defaults": False, "expressions": {"MINE": "a=b"}}).secrets

    assert [one.name for one in beside] == [*names, "MINE"]
    assert [one.name for one in changed] == names
    assert NamedExpression("PRIV_KEY", "-----BEGIN") in changed
    assert alone == (NamedExpression("MINE", "a=b"),)


def test_every_key_has_its_setting() -> None:
    found = table(
        secrets={"max-size": 1},
        contents={"max_size": 2, "expressions": {"P": ".*p"}},
        retrieve={"files": ["/a"], "max-size": 3},
        malware={"required": True},
    )

    assert (found.secrets_max_size, found.contents_max_size, found.retrieve_max_size) == (1, 2, 3)
    assert (found.contents, found.retrieve, found.malware) == ((NamedExpression("P", ".*p"),), ("/a",), True)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([], "analyzer: not a mapping"),
        ({"secret": {}}, "analyzer.secret: no such key; known are secrets, contents, retrieve, malware"),
        ({"secrets": 7}, "analyzer.secrets: not a mapping"),
        ({"secrets": {"names": []}}, "analyzer.secrets.names: no such key; known are defaults, expr"),
        ({"secrets": {"defaults": "no"}}, "analyzer.secrets.defaults: neither true nor false: 'no'"),
        ({"secrets": {"max-size": "1kb"}}, "analyzer.secrets.max-size: not a number of bytes: '1kb'"),
        ({"secrets": {"max-size": True}}, "analyzer.secrets.max-size: not a number of bytes: True"),
        ({"contents": {"max-size": -1}}, "analyzer.contents.max-size: not a number of bytes: -1"),
        ({"contents": {"expressions": ["A=b"]}}, "analyzer.contents.expressions: not a mapping"),
        ({"contents": {"expressions": {"A": 7}}}, "analyzer.contents.expressions.A: not a text: 7"),
        ({"contents": {"expressions": {"A": "("}}}, "analyzer.contents.expressions.A: does not compile"),
        ({"contents": {"expressions": {"A=B": "x"}}}, "analyzer.contents.expressions: not a name: 'A=B'"),
        ({"contents": {"expressions": {"": "x"}}}, "analyzer.contents.expressions: not a name: ''"),
        ({"retrieve": {"files": "/etc/passwd"}}, "analyzer.retrieve.files: not a list of texts"),
        ({"retrieve": {"files": ["etc/passwd"]}}, "analyzer.retrieve.files: not an absolute path: 'etc/p"),
        ({"malware": {"required": 1}}, "analyzer.malware.required: neither true nor false: 1"),
    ],
)
def test_a_wrong_key_is_named_by_its_path(raw: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_table(raw, base=BASE)

    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


ANCHORES = """
retrieve_files:
  file_list: [/etc/passwd, /etc/services]
  max_file_size_kb: 10
secret_search:
  match_params: [MAXFILESIZE=10000, STOREONMATCH=n]
  regexp_match: ["KEY=(?i).*key=.*"]
content_search:
  match_params: [MAXFILESIZE=20000]
  regexp_match: ["FOUNDPASS=.*password.*"]
malware:
  clamav: {enabled: true}
"""


def test_anchores_own_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "analyzer_config.yaml"
    path.write_text(ANCHORES)

    found = load_settings(path)

    assert found == AnalyzerSettings(
        secrets=(NamedExpression("KEY", "(?i).*key=.*"),),
        secrets_max_size=10_000,
        contents=(NamedExpression("FOUNDPASS", ".*password.*"),),
        contents_max_size=20_000,
        contents_max_binary=20_000,
        retrieve=("/etc/passwd", "/etc/services"),
        retrieve_max_size=10 * 1024,
        malware=True,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "the file: not a mapping"),
        ("a: [", "not YAML"),
        ("secret_search: 7", "secret_search: not a mapping"),
        ('secret_search: {regexp_match: ["=A"]}', r"secret_search.regexp_match\[0\]: not NAME=EXPRESSION"),
        ('secret_search: {regexp_match: ["("]}', r"secret_search.regexp_match\[0\]: does not compile"),
        ('secret_search: {match_params: ["MAXFILESIZE=-1"]}', "secret_search.match_params: not a size"),
        ('secret_search: {regexp_match: ["A=("]}', r"secret_search.regexp_match\[0\]: does not compile"),
        (
            '{"secret_search": {"regexp_match": ["A=\\ud800"]}}',
            r"secret_search.regexp_match\[0\]: does not compile",
        ),
        ('secret_search: {match_params: ["MAXFILESIZE=x"]}', "secret_search.match_params: not a size"),
        ("retrieve_files: {max_file_size_kb: no}", "retrieve_files.max_file_size_kb: not a size"),
        ("retrieve_files: {file_list: 7}", "retrieve_files.file_list: not a list of texts"),
        ("malware: {clamav: {enabled: 'on'}}", "malware.clamav.enabled: neither true nor false: 'on'"),
        ("malware: {clamav: {1: 2}}", "malware.clamav: a key that is no text: 1"),
        ("secret_serach: {}", "no section that is known: analyzer, content_search, malware, "),
        ("yes: 1", "the file: a key that is no text: True"),
        ("analyzer: {1: x}", "analyzer: a key that is no text: 1"),
        (
            "analyzer: {secrets: {expressions: {no: x}}}",
            "analyzer.secrets.expressions: a key that is no text: False",
        ),
    ],
)
def test_a_wrong_file_of_anchores_is_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "analyzer_config.yaml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=f"analyzer_config.yaml: {said}"):
        load_settings(path)


@pytest.mark.parametrize(
    ("section", "size"),
    [
        ("{}", NO_LIMIT),
        ("{match_params: [STOREONMATCH=n]}", NO_LIMIT),
        ("{match_params: [MAXFILESIZE=0]}", NO_LIMIT),
        ("{match_params: ['MAXFILESIZE= 10 ']}", 10),
        ("{match_params: [MAXFILESIZE=10, MAXFILESIZE=20]}", 20),
    ],
)
def test_a_search_without_a_size_has_no_limit_as_in_anchore(tmp_path: Path, section: str, size: int) -> None:
    path = tmp_path / "analyzer_config.yaml"
    path.write_text(f"secret_search: {section}\ncontent_search: {section}\n")

    found = load_settings(path)

    assert (found.secrets_max_size, found.contents_max_size) == (size, size)


@pytest.mark.parametrize(
    ("text", "size"), [("", NO_LIMIT), ("max_file_size_kb: -1", NO_LIMIT), ("max_file_size_kb: 0", 0)]
)
def test_files_are_retrieved_of_any_size_where_none_is_set_as_in_anchore(
    tmp_path: Path, text: str, size: int
) -> None:
    path = tmp_path / "analyzer_config.yaml"
    path.write_text(f"retrieve_files:\n  file_list: [/etc/passwd]\n  {text}\n")

    assert load_settings(path).retrieve_max_size == size


def test_an_expression_of_anchores_file_needs_no_name(tmp_path: Path) -> None:
    path = tmp_path / "analyzer_config.yaml"
    path.write_text('content_search: {regexp_match: ["(?i).*password", "A=b=c"]}')

    assert load_settings(path).contents == (
        NamedExpression("", "(?i).*password"),
        NamedExpression("A", "b=c"),
    )


def test_a_table_changes_only_the_expressions_that_it_names() -> None:
    base = replace(
        BASE,
        contents=tuple(
            NamedExpression(*one) for one in (("", "a"), ("", "b"), ("A", "1"), ("A", "2"), ("B", "3"))
        ),
    )

    made = with_table({"contents": {"expressions": {"B": "4", "C": "5"}}}, base=base).contents
    changed = with_table({"contents": {"expressions": {"A": "6"}}}, base=base).contents

    assert made == (*base.contents[:4], NamedExpression("B", "4"), NamedExpression("C", "5"))
    assert changed == (*base.contents[:2], NamedExpression("A", "6"), base.contents[4])


@pytest.mark.parametrize(
    ("section", "size"),
    [
        ("{match_params: [MAXFILESIZE=50000]}", 50_000),
        ("{match_params: [MAXFILESIZE=0]}", 10_000),
        ("{match_params: [MAXFILESIZE=5]}", 5),
        ("{}", 10_000),
    ],
)
def test_binary_files_are_searched_up_to_the_size_that_anchores_file_sets(
    tmp_path: Path, section: str, size: int
) -> None:
    path = tmp_path / "analyzer_config.yaml"
    path.write_text(f"content_search: {section}")

    found = replace(load_settings(path), contents=(NamedExpression("A", "b"),))

    assert [min(one.max_size, one.max_binary) for one in found.content_searches()] == [size]
    assert {one.max_binary for one in found.secret_searches()} == {10_000}
    assert with_table({}, base=found) == found


def test_an_expression_may_have_its_flags_anywhere() -> None:
    assert table(contents={"expressions": {"A": "^(?i)a"}}).contents == (NamedExpression("A", "^(?i)a"),)


def test_what_a_file_of_anchores_does_not_speak_of_stays(tmp_path: Path) -> None:
    path = tmp_path / "analyzer_config.yaml"
    path.write_text("content_search: {regexp_match: [A=b]}")

    assert load_settings(path) == replace(
        BASE, contents=(NamedExpression("A", "b"),), contents_max_size=NO_LIMIT
    )


def test_an_expression_of_odd_style_is_taken_without_a_word() -> None:
    odd = table(contents={"expressions": {"A": "[[a]||b"}}).content_searches()[
        0
    ]  # pytest makes warnings errors

    assert _Compiled(odd).match(b"[") is not None


def test_a_file_may_hold_our_own_table(tmp_path: Path) -> None:
    path = tmp_path / "analyzer.yaml"
    path.write_text("analyzer:\n  contents:\n    expressions: {P: '.*p'}\n")

    assert load_settings(path) == table(contents={"expressions": {"P": ".*p"}})
    path.write_text('{"analyzer": {"content": {}}}')
    with pytest.raises(ConfigError, match=r"analyzer\.content: no such key; known are secrets, contents"):
        load_settings(path)


def test_yaml_that_would_fill_any_memory_is_refused_in_one_line(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    path = tmp_path / "analyzer_config.yaml"
    path.write_text("\n".join([*lines, "retrieve_files: {max_file_size_kb: *a11}"]))

    with pytest.raises(ConfigError, match="not a size: a list"):
        load_settings(path)


@pytest.mark.parametrize(
    ("gate", "trigger", "params", "why"),
    [
        ("files", "content_regex_match", {}, "no content expression is configured"),
        ("files", "content_regex_match", {"regex_name": "FO"}, "no content expression by the name 'FO' is"),
        ("files", "content_regex_match", {"regex_name": "FOO"}, ""),
        ("files", "content_regex_match", {"regex_name": "x.*"}, ""),
        ("secret_scans", "content_regex_checks", {}, ""),
        ("secret_scans", "content_regex_checks", {"content_regex_name": "AWS_ACCESS_KEY,NO"}, ""),
        (
            "secret_scans",
            "content_regex_checks",
            {"content_regex_name": "AWS"},
            "no secret expression by the name 'AWS' is",
        ),
        (
            "secret_scans",
            "content_regex_checks",
            {"content_regex_name": "AWS", "match_type": "notfound"},
            "",
        ),
    ],
)
def test_a_rule_on_an_expression_that_nobody_configured_is_told(
    gate: str, trigger: str, params: dict[str, str], why: str
) -> None:
    policy = parse_bundle(bundle(rule(gate, trigger, **params)))
    configured = replace(BASE, contents=(NamedExpression("FOO", "x.*"),))
    settings = BASE if "content expression is" in why else configured
    told = policy.unseen(Target.parse("app:1"), settings)
    assert [f"rule r1 ({gate}/{trigger}) can find nothing: {why}" in one for one in told] == [True] * bool(
        why
    )


def test_what_every_match_holds_is_stated_of_anchores_own_expressions() -> None:
    for one in AnalyzerSettings.default().secret_searches():
        assert one.is_known
        assert one.literals == required_literals(one.regex)


def test_an_expression_of_the_users_own_states_nothing() -> None:
    settings = AnalyzerSettings(secrets=(NamedExpression("API_KEY", "api-key"),))

    [one] = settings.secret_searches()

    assert not one.is_known
    assert one.literals is None
