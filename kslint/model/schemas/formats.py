"""The formats of texts that the API server knows, where what breaks one is beyond doubt.

Source: k8s.io/kube-openapi v0.0.0-20250710 pkg/validation/strfmt. Others it checks (hostname, mac,
isbn and such) or does not know: any text will do. Kubernetes' own kinds are not held against them.
"""

from __future__ import annotations

import re
from functools import partial
from ipaddress import AddressValueError, IPv4Address, ip_network
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Format(NamedTuple):
    """Has a text the form? And in words, what it takes."""

    is_met: Callable[[str], object]
    takes: str


def _is_base64(text: str) -> bool:
    from kslint.model.kubernetes.admission.encoded import stop

    return stop(text) is None


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return ":" in text  # one of IPv6 may end with it
    return True


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text and "." not in text.rpartition("/")[2]


def _full(pattern: str) -> Callable[[str], object]:
    return partial(re.fullmatch, pattern, flags=re.ASCII)


_TIME = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)"
FORMATS = {
    "byte": Format(_is_base64, "base64"),
    "cidr": Format(_is_network, "a network such as `10.0.0.0/8`"),
    "date": Format(_full(r"\d{4}-\d\d-\d\d"), "a day such as `2026-01-31`"),
    "date-time": Format(_full(_TIME), "a time such as `2026-01-31T12:00:00Z`"),
    "duration": Format(re.compile("[0-9.] *[A-Za-zµμ]|^[-+]?0$").search, "a time such as `1h30m`"),
    "email": Format(lambda text: "@" in text, "an address such as `me@example.com`"),
    "ipv4": Format(_is_ipv4, "an address such as `10.0.0.1`"),
    "ipv6": Format(lambda text: ":" in text, "an address such as `fd00::1`"),
    "uri": Format(_full("(?s:/.*|[*]|[A-Za-z][-+.A-Za-z0-9]*:.*)"), "`https://example.com`"),
    "uuid": Format(_full("[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}"), "a UUID"),
}
