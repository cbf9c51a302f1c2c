"""Whether a form was sent by a page of this console."""

from starlette.requests import Request

_OWN_SITES = ("same-origin", "none")


def is_from_here(request: Request) -> bool:
    """Whether `Origin` names the host that was asked, and `Sec-Fetch-Site` no other site.

    Browsers send both with every form, and no page can set them. The scheme is not compared: a
    proxy may end TLS in front of us.
    """
    headers = request.headers
    if headers.get("sec-fetch-site", "same-origin") not in _OWN_SITES:
        return False
    origin = headers.get("origin")
    if origin is None or len(headers.getlist("host")) != 1:
        return False
    scheme, _, host = origin.partition("://")
    return scheme in ("http", "https") and _named(host, scheme) == _named(headers["host"], scheme)


def _named(host: str, scheme: str) -> str:
    return host.lower().removesuffix(":443" if scheme == "https" else ":80")
