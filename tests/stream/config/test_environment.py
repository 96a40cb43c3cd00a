"""Variables override single keys of the file, and every key has one."""

import pytest
from msgspec import inspect
from msgspec.structs import asdict

from stream.config.mistakes import ConfigurationError, Path
from stream.config.parse import parse
from stream.config.reading.environment import SECTIONS, variables
from stream.config.reading.fields import fields
from stream.config.settings import SECOND

# A value per kind that is no key's default, as written and as read.
BY_UNIT: dict[str, tuple[str, object]] = {
    "duration": ("100d", 100 * 86_400 * SECOND),
    "size": ("17KiB", 17 * 1024),
    "topic": ("another", "another"),
    "bootstrap": ("a:1, b:2", "a:1,b:2"),
    "listen": ("[::1]:0", "[::1]:0"),
    "memory": ("2GiB", "2GiB"),
    "tag": ("stage=production", "stage=production"),
    "called": ("v${version}", "v${version}"),
    "secret": ("file:/run/secret", "file:/run/secret"),
}
# What a key needs beside it, so that it contradicts nothing.
BESIDE = {
    "DRIFTLINE_KAFKA_SECURITY_USERNAME": {
        "DRIFTLINE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "DRIFTLINE_KAFKA_SECURITY_PASSWORD": "env:P",
    },
    "DRIFTLINE_KAFKA_SECURITY_PASSWORD": {
        "DRIFTLINE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "DRIFTLINE_KAFKA_SECURITY_USERNAME": "u",
    },
    "DRIFTLINE_KAFKA_SECURITY_CA_FILE": {"DRIFTLINE_KAFKA_SECURITY_PROTOCOL": "SSL"},
    "DRIFTLINE_KAFKA_SECURITY_CERT_FILE": {"DRIFTLINE_KAFKA_SECURITY_PROTOCOL": "SSL"},
    "DRIFTLINE_KAFKA_SECURITY_KEY_FILE": {
        "DRIFTLINE_KAFKA_SECURITY_PROTOCOL": "SSL",
        "DRIFTLINE_KAFKA_SECURITY_CERT_FILE": "c",
    },
    "DRIFTLINE_DEFAULTS_TRIGGER_WINDOWS": {"DRIFTLINE_DEFAULTS_TRIGGER_OF": "99"},
}


def declaration(path: Path) -> inspect.Field:
    """The declared field behind a path."""
    section, *steps = path
    struct = SECTIONS[str(section)]
    for step in steps[:-1]:
        kind = fields(struct)[str(step)].type
        assert isinstance(kind, inspect.StructType)
        struct = kind.cls
    return fields(struct)[str(steps[-1])]


def other(field: inspect.Field) -> tuple[str, object]:
    """A value that is not the default, as written and as read."""
    kind = field.type.types[0] if isinstance(field.type, inspect.UnionType) else field.type
    match kind:
        case inspect.Metadata(extra=dict(extra)):
            return BY_UNIT[extra["reads"]]
        case inspect.LiteralType(values=values):
            name = next(str(value) for value in reversed(values) if value != field.default)
            return name, name
        case inspect.BoolType():
            return str(not field.default).lower(), not field.default
        case inspect.IntType():
            return "17", 17
        case inspect.FloatType():
            return "0.25", 0.25
    return "a text", "a text"


@pytest.mark.parametrize("variable", variables())
def test_every_single_key_is_overridden(variable: str) -> None:
    """Each variable puts its value at its own key, in place of the file's."""
    path = variables()[variable]
    text, expected = other(declaration(path))
    settings = parse("kafka: {bootstrap: 'file:1'}", {**BESIDE.get(variable, {}), variable: text})
    value = asdict(settings)[str(path[0])]
    if path == ("defaults", "lateness"):
        value, path = settings, ("lateness",)
    for step in path[1:] if len(path) > 1 else path:
        value = getattr(value, "from_" if step == "from" else str(step))
    assert expected == value


def test_the_defaults_of_the_environment_reach_the_models() -> None:
    """They are the defaults over which models are read."""
    found = parse("models: {a: {}, b: {tolerate: 0.5}}", {"DRIFTLINE_DEFAULTS_TOLERATE": "0.25"})
    assert {name: model.tolerate for name, model in found.patterns} == {"a": 0.25, "b": 0.5}


def test_a_section_without_keys_is_overridden() -> None:
    """`kafka:` with everything commented out is a section all the same."""
    assert parse("kafka:", {"DRIFTLINE_KAFKA_BOOTSTRAP": "a:1"}).kafka.bootstrap == "a:1"


def test_a_broken_section_keeps_its_mistake() -> None:
    """An override does not hide that the file is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        parse("http: 5", {"DRIFTLINE_HTTP_LISTEN": "a:1"})
    expected = "line 1: http: expected a mapping of the keys listen or series_max, found a single value"
    assert expected == str(caught.value)


@pytest.mark.parametrize(
    "variable",
    [
        "DRIFTLINE_TOKEN",
        "DRIFTLINE_TEST_KAFKA",
        "DRIFTLINE_SERVICE_HOST",
        "DRIFTLINE_SERVICE_PORT",
        "DRIFTLINE_SERVICE_PORT_HTTP",
        "DRIFTLINE_PORT",
        "DRIFTLINE_PORT_8080_TCP",
        "DRIFTLINE_PORT_8080_TCP_ADDR",
        "PATH",
    ],
)
def test_other_variables_are_left_alone(variable: str) -> None:
    """The token, the tests' own, and what Kubernetes sets beside a Service called driftline."""
    assert parse("") == parse("", {variable: "tcp://10.0.0.1:8080"})


def test_a_secret_may_be_in_a_variable_of_any_name() -> None:
    """Also in one that looks like a key: the file refers to it."""
    text = "kafka: {security: {protocol: SASL_SSL, username: u, password: env:DRIFTLINE_KAFKA_PASSWORD}}"
    security = parse(text, {"DRIFTLINE_KAFKA_PASSWORD": "hunter2"}).kafka.security
    assert security.password == "env:DRIFTLINE_KAFKA_PASSWORD"
