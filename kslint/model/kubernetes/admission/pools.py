"""What the API server says to InferencePools: the rules in their definition, as code.

Source: kubernetes-sigs/gateway-api-inference-extension v1.0.0 to v1.6.0 config/crd/bases,
x-kubernetes-validations of InferencePool.spec. Before v1.1 a pool had one port at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import FieldErrors, child, each, present, word
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.answer import Failure


def pool_failures(body: Map) -> list[Failure]:
    """What the rules of an InferencePool's definition refuse. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain, native=False)
    spec = body.get("spec")
    if isinstance(spec, Map):
        pool_rules(errors, spec, "spec")
    return errors.failures


def pool_rules(errors: FieldErrors, spec: Map, path: str) -> None:
    """The ports of an InferencePool, or of a field of its type."""
    picker = spec.get("endpointPickerRef")
    if isinstance(picker, Map) and not present(picker, "port"):
        kind = picker.get("kind")
        if kind is None or word(kind) == "Service":
            detail = (
                "port is required when kind is 'Service' or unspecified (defaults to 'Service')"
            )
            where = child(spec, "endpointPickerRef")
            errors.invalid(f"{path}.endpointPickerRef", "object", detail, where, "no-picker-port")
    numbers: set[int] = set()
    for _, port in each(spec, "targetPorts"):
        number = port.integer("number")
        if number is not None and number in numbers:
            detail, where = "port number must be unique", child(port, "number")
            errors.invalid(f"{path}.targetPorts", "array", detail, where, "same-port-twice")
        numbers |= set() if number is None else {number}
