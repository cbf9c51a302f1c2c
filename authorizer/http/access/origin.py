"""Whether a request comes through a web page that is not this server's own.

While nobody needs a key, a browser on this machine would be anybody's hand: a page of somebody else
may post to loopback, and one whose name was rebound to 127.0.0.1 may read the answers too. Browsers
tell of both, in headers that no page can set: `Host`, `Origin` and `Sec-Fetch-Site`.
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
    """Whether these headers tell of another host than loopback, or of another page's request.

    Names are in lower case. A request without any of them comes from no browser.
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
    own = [_SCHEME + _plain(host) for host in hosts]
    return any(_plain(origin) not in own for origin in origins)


def _is_loopback(host: bytes) -> bool:
    """Whether a host, with a port or without, is a name that only this machine answers to."""
    parts = _HOST.fullmatch(host)
    if parts is None:
        return False
    name = (parts[1] or parts[2]).decode("latin-1")
    try:
        return name.lower() == _LOCALHOST or ip_address(name).is_loopback
    except ValueError:
        return False


def _plain(origin: bytes) -> bytes:
    return origin.lower().removesuffix(_DEFAULT_PORT)
