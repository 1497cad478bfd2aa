"""The grammars of names and values, and what the API server says where one is not kept.

Source: k8s.io/apimachinery v0.34 pkg/util/validation/validation.go. Each function returns the
messages about a text, none if it is fine.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED_TEXT = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    f"validation is '{_QUALIFIED}')"
)
_RFC1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_WILDCARD = rf"\*\.{_SUBDOMAIN}"
_HEADER = "[-A-Za-z0-9]+"
_PERCENT = "[0-9]+%"
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_LOOSE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_UNDERSCORED = rf"{_LOOSE}(\.{_LOOSE})*"


def _pattern(text: str, pattern: str, *examples: str) -> str:
    shown = ",  or ".join(f"'{example}'" for example in examples)
    return f"{text} (e.g. {shown}, regex used for validation is '{pattern}')"


def _too_long(text: str, limit: int) -> list[str]:
    long = len(text.encode("utf-8", "replace")) > limit
    return [f"must be no more than {limit} characters"] if long else []


@lru_cache(maxsize=4096)
def dns_label(text: str) -> list[str]:
    """IsDNS1123Label: containers, volumes, namespaces, Service ports."""
    found = _too_long(text, 63)
    if not re.fullmatch(_LABEL, text):
        what = (
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
            "'-', and must start and end with an alphanumeric character"
        )
        dots = re.fullmatch(_SUBDOMAIN, text)
        found.append(
            "must not contain dots" if dots else _pattern(what, _LABEL, "my-name", "123-abc")
        )
    return found


@lru_cache(maxsize=4096)
def dns_subdomain(text: str) -> list[str]:
    """IsDNS1123Subdomain: names of most objects."""
    found = _too_long(text, 253)
    if not re.fullmatch(_SUBDOMAIN, text):
        what = (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
            "'-' or '.', and must start and end with an alphanumeric character"
        )
        found.append(_pattern(what, _SUBDOMAIN, "example.com"))
    return found


def dns1035_label(text: str) -> list[str]:
    """IsDNS1035Label: names of Services."""
    found = _too_long(text, 63)
    if not re.fullmatch(_RFC1035, text):
        what = (
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
            "with an alphabetic character, and end with an alphanumeric character"
        )
        found.append(_pattern(what, _RFC1035, "my-name", "abc-123"))
    return found


@lru_cache(maxsize=4096)
def label_value(text: str) -> list[str]:
    """IsValidLabelValue."""
    found = _too_long(text, 63)
    pattern = f"({_QUALIFIED})?"
    if not re.fullmatch(pattern, text):
        what = (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', "
            "'_' or '.', and must start and end with an alphanumeric character"
        )
        found.append(_pattern(what, pattern, "MyValue", "my_value", "12345"))
    return found


@lru_cache(maxsize=4096)
def qualified_name(text: str) -> list[str]:
    """IsQualifiedName: keys of labels and annotations, resource names."""
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        suffix = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a qualified name {_QUALIFIED_TEXT}{suffix}"]
    found = []
    if slash and not prefix:
        found.append("prefix part must be non-empty")
    elif slash:
        found += [f"prefix part {detail}" for detail in dns_subdomain(prefix)]
    if not name:
        found.append("name part must be non-empty")
    found += [f"name part {detail}" for detail in _too_long(name, 63)]
    if not re.fullmatch(_QUALIFIED, name):
        found.append(f"name part {_QUALIFIED_TEXT}")
    return found


def port_name(text: str) -> list[str]:
    """IsValidPortName: names of container ports, and ports referred to by name."""
    found = _too_long(text, 15)
    if not re.fullmatch("[-a-z0-9]+", text):
        found.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", text):
        found.append("must contain at least one letter (a-z)")
    if "--" in text:
        found.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        found.append("must not begin or end with a hyphen")
    return found


def env_name(text: str) -> list[str]:
    """IsRelaxedEnvVarName: what no version accepts as the name of a variable."""
    if all(" " <= letter <= "~" and letter != "=" for letter in text):
        return []
    what = "a valid environment variable name must consist only of printable ASCII characters"
    return [f"{what} other than '='"]


def config_key(text: str) -> list[str]:
    """IsConfigMapKey: keys of ConfigMaps and Secrets."""
    found = _too_long(text, 253)
    pattern = "[-._a-zA-Z0-9]+"
    if not re.fullmatch(pattern, text):
        what = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        found.append(_pattern(what, pattern, "key.name", "KEY_NAME", "key-name"))
    if text in (".", ".."):
        found.append(f"must not be '{text}'")
    elif text.startswith(".."):
        found.append("must not start with '..'")
    return found


def wildcard_subdomain(text: str) -> list[str]:
    """IsWildcardDNS1123Subdomain: hosts with a star."""
    if re.fullmatch(_WILDCARD, text):
        return []
    what = (
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, "
        "which must consist of lower case alphanumeric characters, '-' or '.' and end with an "
        "alphanumeric character"
    )
    return [_pattern(what, _WILDCARD, "*.example.com")]


def header_name(text: str) -> list[str]:
    """IsHTTPHeaderName."""
    if re.fullmatch(_HEADER, text):
        return []
    what = "a valid HTTP header must consist of alphanumeric characters or '-'"
    return [_pattern(what, _HEADER, "X-Header-Name")]


def percent(text: str) -> list[str]:
    """IsValidPercent."""
    if re.fullmatch(_PERCENT, text, re.ASCII):
        return []
    what = "a valid percent string must be a numeric string followed by an ending '%'"
    return [_pattern(what, _PERCENT, "1%", "93%")]


def path_segment(text: str) -> list[str]:
    """IsValidPathSegmentName: names of RBAC objects."""
    if text in (".", ".."):
        return [f"may not be '{text}'"]
    return [f"may not contain '{sign}'" for sign in ("/", "%") if sign in text]


def http_path(text: str) -> list[str]:
    """IsDomainPrefixedPath, of what follows the domain."""
    if re.fullmatch(_HTTP_PATH, text):
        return []
    return [f"Invalid path (regex used for validation is '{_HTTP_PATH}')"]


def underscored_subdomain(text: str) -> list[str]:
    """IsDNS1123SubdomainWithUnderscore: where a pod looks for names."""
    found = _too_long(text, 253)
    if not re.fullmatch(_UNDERSCORED, text):
        what = (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
            "'-', '_' or '.', and must start and end with an alphanumeric character"
        )
        found.append(_pattern(what, _UNDERSCORED, "example.com"))
    return found


def ip_address(text: str) -> list[str]:
    """IsValidIPForLegacyField: leading zeros do no harm there."""
    import ipaddress

    parts = text.split(".")
    if len(parts) == 4 and all(p.isascii() and p.isdigit() for p in parts):
        text = ".".join(p.lstrip("0") or "0" for p in parts)
    try:
        ipaddress.ip_address("%" if "%" in text else text)
    except ValueError:
        return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
    return []


def special_address(text: str) -> list[str]:
    """ValidateNonSpecialIP, of what is an address."""
    import ipaddress

    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # leading zeros
        return []
    found = []
    if address.is_unspecified:
        found.append(f"may not be unspecified ({text})")
    if address.is_loopback:
        found.append("may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if address.is_link_local:
        found.append("may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if any(address.version == net.version and address in net for net in _near_multicast()):
        found.append("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")
    return found


@lru_cache(maxsize=1)
def _near_multicast() -> tuple[IPv4Network | IPv6Network, ...]:
    import ipaddress

    return ipaddress.ip_network("224.0.0.0/24"), ipaddress.ip_network("ff02::/16")


def cidr(text: str) -> list[str]:
    """IsValidCIDRForLegacyField: bits outside of the mask do no harm there."""
    address, slash, length = text.partition("/")
    wide = 128 if ":" in address else 32
    fine = length.isascii() and length.isdigit() and int(length[:4]) <= wide
    if not slash or not fine or ip_address(address):
        return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]
    return []
