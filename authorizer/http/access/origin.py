"""Whether a request comes through a web page that is not this server's own.

Without keys any page in a browser on this machine could post to loopback, and a page whose name was
rebound to 127.0.0.1 could read the answers too. Browsers tell of both in headers that no page can
set: `Host`, `Origin` and `Sec-Fetch-Site`.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

_HOST: Final = re.compile(rb"(?:\[([0-9a-f:.]+)\]|([^:\[\]]*))(?::[0-9]*)?", re.IGNORECASE)
_LOCALHOST: Final = "localhost"
_SCHEME: Final = b"http://"
_DEFAULT_PORT: Final = b":80"
_OWN_SITES: Final = (b"same-origin", b"none")


def is_foreign(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the headers name another host than loopback, or another site's page.

    Header names are in lower case. A request without any of the three comes from no browser.
    """
    hosts: list[bytes] = []
    origins: list[bytes] = []
    for name, value in headers:
        if name == b"host":
            hosts.append(value)
        elif name == b"origin":
            origins.append(value)
        elif name == b"sec-fetch-site" and value not in _OWN_SITES:
            return True
    if len(hosts) > 1 or not all(map(_is_loopback, hosts)):
        return True
    own = [_SCHEME + _without_default_port(host) for host in hosts]
    return any(_without_default_port(origin) not in own for origin in origins)


def _is_loopback(host: bytes) -> bool:
    """Whether a host, with or without a port, is a loopback name or address."""
    parts = _HOST.fullmatch(host)
    if parts is None:
        return False
    name = (parts[1] or parts[2]).decode("latin-1")
    try:
        return name.lower() == _LOCALHOST or ip_address(name).is_loopback
    except ValueError:
        return False


def _without_default_port(origin: bytes) -> bytes:
    return origin.lower().removesuffix(_DEFAULT_PORT)
