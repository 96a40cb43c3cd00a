"""Whatever a file holds, it is settings or mistakes with their paths, never another exception."""

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stream.config.parse import ConfigurationError, parse
from stream.config.reading.document import Items, Keys, Node, Scalar, document
from stream.config.reading.environment import SECTIONS, variables
from stream.config.reading.fields import fields
from stream.config.telling.explain import explain, explanation

KEYS = sorted(
    {*SECTIONS, "models", "file", "learn", "*", *(key for struct in SECTIONS.values() for key in fields(struct))}
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["5m", "1h", "64KiB", "env:P", "a:1", "binary", "predictions", "*", "SASL_SSL"])
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=5)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=30,
)
ROOTS = st.dictionaries(st.sampled_from([*SECTIONS, "models"]), TREES, max_size=6)
PIECES = st.sampled_from(
    ["kafka", "a", ":", " ", "\n", "- ", "[", "]", "{", "}", "'", '"', "&x", "*x", "!t", "#", "|", "\t", "?", ","]
)


class Dumper(yaml.SafeDumper):
    """Writes a list that stands in two places twice: aliases are not read."""

    def ignore_aliases(self, _data: object) -> bool:
        """Never make one."""
        return True


def dumped(tree: object) -> str:
    """The tree as YAML."""
    return yaml.dump(tree, Dumper=Dumper, allow_unicode=True)


def caught(text: str, environment: dict[str, str]) -> ConfigurationError | str:
    """The mistakes, else the explanation."""
    try:
        return explain(explanation(parse(text, environment)))
    except ConfigurationError as error:
        return error


def told(text: str, environment: dict[str, str]) -> None:
    """Settings that can be explained, or at least one mistake, each a printable line with an expectation."""
    found = caught(text, environment)
    if isinstance(found, ConfigurationError):
        lines = str(found).splitlines()
        assert len(lines) == len(found.mistakes) > 0
        assert all(mistake.expected for mistake in found.mistakes)
        assert all(line.isprintable() for line in lines)


def same(node: Node, oracle: yaml.Node) -> bool:
    """Whether our tree is the one that PyYAML composes."""
    match node, oracle:
        case Scalar(text=text), yaml.ScalarNode(value=value):
            return bool(text == value)
        case Items(items=items), yaml.SequenceNode(value=children):
            return len(items) == len(children) and all(map(same, items, children))
        case Keys(entries=entries), yaml.MappingNode(value=pairs):
            return list(entries) == [key.value for key, _ in pairs] and all(
                same(entries[key.value], child) for key, child in pairs
            )
    return False


@settings(max_examples=150, deadline=None)
@given(ROOTS | TREES)
def test_any_tree_is_understood_or_told(tree: object) -> None:
    """Right keys with wrong values, wrong keys, and anything nested in anything."""
    told(dumped(tree), {})


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.lists(PIECES, max_size=30).map("".join))
@example('"\\UFFFFFFFF"')
@example('a: "\\ud800"')
@example("a: &x [*x]")
@example("? ")
@example("[" * 2000)
@example("%YAML 1." + "9" * 5000 + "\n---\n")
def test_any_text_is_understood_or_told(text: str) -> None:
    """Also what is no YAML, or breaks PyYAML."""
    told(text, {})


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(variables())) | st.text(max_size=5).map("DRIFTLINE_".__add__), st.text(max_size=8)
    )
)
def test_any_environment_is_understood_or_told(environment: dict[str, str]) -> None:
    """Variables are as untrusted as the file."""
    told("", environment)


@given(TREES)
def test_the_tree_is_the_one_that_was_written(tree: object) -> None:
    """PyYAML's own composer is the oracle for what reads its events here."""
    text = dumped(tree)
    assert same(document(text)[0], yaml.compose(text))
