"""The rules of definitions that are there as code, too: that points at the very value, and speaks.

It needs no extra, and an object that asks for nothing else costs no process. A test holds both
against each other over the refusals of `tests/model/kubernetes/refusals`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kslint.model.kubernetes.admission.kinds import is_judged

_FILTERS = (
    r"filter\.({}) must be (nil if|specified for) .*|({}) filter cannot be repeated",
    r"Must have port for Service reference|numerator must be less than .*",
    r"Only one of percent or fraction .*|sectionName must be .*|While 16 rules and 64 matches .*",
)
_PLAIN = "requestHeaderModifier|responseHeaderModifier|requestMirror|extensionRef"
_ONCE = "RequestHeaderModifier|ResponseHeaderModifier"
_GATEWAY = "gateway.networking.k8s.io"
_SPOKEN = {
    (_GATEWAY, "Gateway"): (
        r"tls must not be specified for .*|tls mode must be Terminate for protocol HTTPS",
        r"hostname must not be specified for .*|Combination of port, protocol and hostname .*",
        r"certificateRefs or options must be .*|(IPAddress|Hostname) values must be unique",
        r"Hostname value must be empty or .*|Listener name must be unique within the Gateway",
    ),
    (_GATEWAY, "GRPCRoute"): (
        *(each.format(_PLAIN, _ONCE) for each in _FILTERS),
        r"One or both of 'service' or 'method' .*|(service|method) must only contain .*",
    ),
    (_GATEWAY, "HTTPRoute"): (
        *(
            each.format(
                f"{_PLAIN}|requestRedirect|urlRewrite", f"{_ONCE}|RequestRedirect|URLRewrite"
            )
            for each in _FILTERS
        ),
        r"RequestRedirect filter must not be used .*|May specify either httpRouteFilter.*",
        r".*sing (RequestRedirect|URLRewrite) filter with path\.replacePrefixMatch, .*",
        r"value must be an absolute path .*|must not (contain|end with) '.*|must only contain .*",
        r"type must be .*|(replaceFullPath|replacePrefixMatch) must be specified .*",
        r"backendRequest timeout cannot be longer .*",
    ),
    ("inference.networking.k8s.io", "InferencePool"): (
        r"port is required when kind is 'Service' .*|port number must be unique",
    ),
    ("kueue.x-k8s.io", "ClusterQueue"): (
        r"flavors must have the same number .*|borrowingLimit must be nil when cohort is empty",
        r"reclaimWithinCohort=Never and borrowWithinCohort\.Policy!=Never",
    ),
    ("kueue.x-k8s.io", "ResourceFlavor"): (
        r"at least one nodeLabel is required .*|effect must be 'NoExecute' when .*",
        r"supported (taint effect|toleration) values: .*|a value must be empty when .*",
        r"operator must be Exists when 'key' is empty, .*",
    ),
}
"""Their messages, by the kind."""


def speaks(group: str, version: str, kind: str) -> bool:
    """Is there code that says what some rules of a kind say?"""
    return (group, kind) in _SPOKEN and is_judged(group, version, kind)


@lru_cache(1024)
def is_spoken(group: str, version: str, kind: str, message: str) -> bool:
    """Does code say what a rule with this message says?"""
    patterns = _SPOKEN.get((group, kind), ())
    if not patterns or not is_judged(group, version, kind):
        return False
    return any(re.fullmatch(pattern, message, re.DOTALL) for pattern in patterns)


_ONLY_IF = {"tls mode must be set for protocol TLS": '"TLS"'}
"""Rules that hold wherever a text is missing, by their messages: nobody has to be asked."""


def holds(message: str, value: str) -> bool:
    """Does a rule surely hold for a value, which is given as JSON?"""
    return _ONLY_IF.get(message, "") not in value
