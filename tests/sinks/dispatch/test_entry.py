"""What is wrong with an entry is said at once, with its place and without its secrets."""

import pytest

from sinks.dispatch.targets import open_target
from sinks.dispatch.targets.entry import Wrong, named, read, wrong
from sinks.dispatch.targets.systems.kinds import KINDS
from tests.sinks.dispatch.entries import CASES, entry


@pytest.mark.parametrize("kind", sorted(CASES))
def test_the_entries_of_the_cases_are_right(kind: str) -> None:
    """And each is called by its kind where it has no name."""
    assert [] == wrong(entry(kind))
    assert kind == named(entry(kind))
    assert "eu" == read(entry(kind, name="eu")).name


def test_an_unknown_kind_says_which_there_are_and_which_was_meant() -> None:
    """As every mistake of the configuration does."""
    (mistake,) = wrong({"kind": "airlfow", "url": "https://a.example.com"})
    assert (("kind",), "'airlfow'", "airflow") == (mistake.path, mistake.value, mistake.nearest)
    assert all(kind in mistake.expected for kind in KINDS)
    assert [("kind",)] == [each.path for each in wrong({})]
    assert [()] == [each.path for each in wrong("airflow")]


def test_all_mistakes_of_an_entry_are_said_at_once() -> None:
    """Misspelt, missing, misread."""
    found = {each.path: each for each in wrong({"kind": "airflow", "ulr": "x", "timeout": "soon", "networks": ["x"]})}
    assert {("ulr",), ("timeout",), ("networks",), ()} == set(found)
    assert "url" == found[("ulr",)].nearest
    assert "an unknown key" == found[("ulr",)].value
    missing = [each.expected for each in wrong({"kind": "airflow"})]
    assert ["the key url", "the key dag"] == [each.partition(":")[0] for each in missing]


@pytest.mark.parametrize("key", ["token", "pasword", "password"])
def test_a_secret_in_the_file_is_a_mistake_and_is_not_shown(key: str) -> None:
    """Nor under a misspelt name."""
    for each in wrong(entry("airflow", **{key: "hunter2"})):
        assert "hunter2" not in str(each)
    assert wrong(entry("airflow", **{key: "hunter2"}))


@pytest.mark.parametrize(
    ("place", "nearest"),
    [("${modle}", "model"), ("${trigger.id}", "trigger"), ("${}", ""), ("${model", "model"), ("${a b}", "")],
)
def test_an_unknown_place_is_refused_with_its_path(place: str, nearest: str) -> None:
    """Before anything is started."""
    (mistake,) = wrong(entry("kubeflow", parameters={"deep": [{"in": f"x {place}"}]}))
    assert ("parameters", "deep", 0, "in") == mistake.path
    assert nearest == mistake.nearest


@pytest.mark.parametrize(
    "url",
    [
        "https://${model}.example.com",
        "https://u:p@example.com",
        "ftp://x",
        "https://",
        "https://x/?q=1",
        "x",
        "https://x/../y",
        "http://127.1",
        "http://2130706433",
    ],
)
def test_an_address_has_no_places_users_or_queries(url: str) -> None:
    """Where a request goes is nobody's to fill in."""
    assert [("url",)] == [each.path for each in wrong({**entry("airflow"), "url": url})]


@pytest.mark.parametrize(
    ("url", "networks", "hint"),
    [
        ("https://10.1.2.3", (), "networks: [10.1.2.3/32]"),
        ("https://10.1.2.3", ("10.0.0.0/8",), ""),
        ("https://[fd00::1]:8443", (), "networks: [fd00::1/128]"),
        ("https://[::ffff:10.1.2.3]", (), "networks: [10.1.2.3/32]"),
        ("https://[::ffff:10.1.2.3]", ("10.1.2.3/32",), ""),
        ("http://localhost:8080", (), "networks: [127.0.0.1/32]"),
        ("http://localhost:8080", ("127.0.0.0/8",), ""),
        ("http://8.8.8.8", ("10.0.0.0/8",), "https"),
        ("https://8.8.8.8", (), ""),
        ("http://airflow.internal", (), "https"),
        ("http://airflow.internal", ("10.0.0.0/8",), ""),
        ("https://airflow.internal", (), ""),
    ],
)
def test_an_address_that_is_never_connected_to_is_a_mistake(url: str, networks: tuple[str, ...], hint: str) -> None:
    """As far as its text shows it; where a name leads is seen when it is asked."""
    found = wrong({**entry("airflow"), "url": url, "networks": [*networks]})
    assert [("url",)] * bool(hint) == [each.path for each in found]
    assert all(hint in each.expected for each in found)


def test_a_password_in_an_address_is_not_shown() -> None:
    """It is refused, and what is said of it goes to terminals and logs."""
    (found,) = wrong({**entry("airflow"), "url": "https://user:pa/ss@h.example.com/x"})
    assert "'https://...@h.example.com/x'" == found.value


def test_keys_that_belong_together_are_asked_for_together() -> None:
    """A user without a password, two ways to sign in, half of a client."""
    bare = {"kind": "airflow", "url": "https://a.example.com", "dag": "d"}
    assert [Wrong(("username",), "username and password together")] == wrong({**bare, "username": "bot"})
    assert [("token",)] == [
        each.path for each in wrong({**bare, "username": "b", "password": "env:P", "token": "env:T"})
    ]
    azure = {"kind": "azure_ml", "url": "https://a.example.com"}
    assert wrong({**azure, "tenant": "t", "client": "c"})
    assert wrong(azure)
    assert [] == wrong({**azure, "tenant": "t", "client": "c", "client_secret": "file:/s"})
    assert wrong(entry("http", url="https://a.example.com") | {"failed": []})


def test_a_missing_secret_is_said_when_the_target_is_opened() -> None:
    """By its place."""
    with pytest.raises(ValueError, match="eu: token: nothing that can be used is at env:HIDDEN"):
        open_target(entry("airflow", name="eu"), {})
    with pytest.raises(ValueError, match="file:/nowhere/token"):
        open_target(entry("airflow", token="file:/nowhere/token"), {})
