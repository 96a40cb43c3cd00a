"""From an entry of the configuration to a target that works."""

from collections.abc import Mapping

from sinks.dispatch.target import Target
from sinks.dispatch.targets.calling.authority import Asked, Authority, Gitlab, Plain, Signed
from sinks.dispatch.targets.calling.aws import Signer
from sinks.dispatch.targets.calling.client import Client
from sinks.dispatch.targets.calling.command import CommandTarget
from sinks.dispatch.targets.calling.http import HttpTarget
from sinks.dispatch.targets.calling.secrets import Secrets
from sinks.dispatch.targets.entry import read
from sinks.dispatch.targets.holding import holding
from sinks.dispatch.targets.plans.keys import Entry
from sinks.dispatch.targets.plans.row import Kind
from sinks.dispatch.targets.systems.commanding import Command
from sinks.dispatch.targets.systems.kinds import KINDS


def opened(entry: Mapping[str, object], environment: Mapping[str, str]) -> Target:
    """The target; ValueError where something is missing on this machine."""
    own = read(entry)
    return holding(_target(own, environment), own.kind, entry.get("hold"))


def _target(own: Entry, environment: Mapping[str, str]) -> Target:
    kind = KINDS[own.kind]
    if isinstance(kind, Command):
        return CommandTarget(own, environment)
    secrets = Secrets(own.references, environment)
    try:
        secrets.check()
        base = own.text("url") or f"https://api.sagemaker.{own.text('region')}.amazonaws.com"
        client = Client(base, own.names("networks"), own.text("ca_file"))
        return HttpTarget(kind, own, client, _authority(kind, own, base, secrets), secrets)
    except (ValueError, OSError) as error:
        raise ValueError(f"{own.name}: {error}") from None


def _authority(kind: Kind, entry: Entry, base: str, secrets: Secrets) -> Authority:
    if entry.kind == "sagemaker":
        return Signed(Signer(entry.text("region"), entry.text("profile")), base, secrets)
    if entry.kind == "gitlab":
        return Gitlab(secrets)
    login = kind.login
    if login is None or not login.when(entry):
        return Plain(entry, secrets)
    networks = (login.network,) if login.network else entry.names("networks")
    ca_file = "" if login.base else entry.text("ca_file")  # an authority of one's own does not vouch for others
    return Asked(login, entry, secrets, Client(login.base or base, networks, ca_file))
