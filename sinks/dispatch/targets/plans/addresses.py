"""Which addresses may be reached: public ones, and the networks that the entry names."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

LOCAL = "127.0.0.1"


def allowed(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address may be connected to."""
    ip = _plain(ip_address(address.partition("%")[0]))
    return _within(ip, networks) or (ip.is_global and not ip.is_multicast)


def named(address: str, networks: tuple[str, ...]) -> bool:
    """Whether the entry itself names the address: there a connection may be readable."""
    return _within(_plain(ip_address(address.partition("%")[0])), networks)


def wanted(url: str, networks: tuple[str, ...]) -> str:
    """What a URL must be instead, as far as its text shows that it is never connected to; empty where it may be."""
    parts = urlsplit(url)
    try:
        address = str(_plain(ip_address(LOCAL if parts.hostname == "localhost" else parts.hostname or "")))
    except ValueError:  # a name: where it leads is seen when it is asked
        address = ""
    if address and not allowed(address, networks):
        return f"a public address, or its network named beside it: networks: [{ip_network(address)}]"
    readable = parts.scheme == "http" and (not named(address, networks) if address else not networks)
    return "https; http only with its network named beside it, such as networks: [10.0.0.0/8]" if readable else ""


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that hides in an IPv6 one, as itself."""
    if isinstance(ip, IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in ip_network("64:ff9b::/96"):
            inside = IPv4Address(int(ip) & 0xFFFF_FFFF)
        return inside or ip
    return ip


def _within(ip: IPv4Address | IPv6Address, networks: tuple[str, ...]) -> bool:
    return any(ip in ip_network(network) for network in networks)
