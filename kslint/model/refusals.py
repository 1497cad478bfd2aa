"""What the cluster would refuse of an input, with the message that would come.

The object itself by the API server and by KServe's webhooks, what KServe's controllers cannot
make of it, and what they make and the API server refuses. One value is refused once: by whoever
meets it first.
"""

from __future__ import annotations

import posixpath
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.gaps import VALUES
from kslint.graph.policies import may_be_merged
from kslint.graph.sync_options import may_be_in_part
from kslint.model.answer import Failure, Met
from kslint.model.kserve import names
from kslint.model.kubernetes.admission import kinds
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.admission.operated import of_templates
from kslint.model.schemas.suspects import fits
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kslint.graph.graph import Graph
    from kslint.model.kserve.isvc import InferenceService
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.model.kserve.settings import Settings
    from kslint.model.schemas.catalogue import Schemas
    from kslint.resources import Resource
    from kslint.source.nodes import Node, Span


API_SERVER = "api-server"
_LIBRARY = "cel_expr_python"
"""What evaluates the rules of definitions: the extra `cel`."""


class Refusal(NamedTuple):
    """One value that is refused. `at` is what is to be changed, and stands in the input."""

    resource: Resource
    at: Node
    stage: str
    code: str
    message: str
    said: str
    """What the cluster prints; the API server says all there is of an object at once."""
    shown: str
    """The same for the object's first refusal, and for each further one its own part of it."""
    made: str
    """What KServe makes of the object, if it is this that is refused: `Deployment`."""
    failure: Failure


class Served(NamedTuple):
    """What KServe serves in an input, and the settings it does that by."""

    settings: list[Settings]
    whole: Callable[[], list[Settings]]
    """Those of installations that the input shows whole."""
    services: list[InferenceService]
    llms: list[LLMInferenceService]


def refusals(
    graph: Graph, resources: Sequence[Resource], schemas: Schemas, served_by: Served
) -> list[Refusal]:
    """Every refusal of some objects.

    What a kustomize build may change where the input does not show it is not judged.
    """
    found: list[Refusal] = []
    served = _served(graph, resources, served_by)
    custom = kinds.custom_groups(graph)
    ruled = _ruled(resources, schemas)
    for resource in resources:
        met = [*_own(resource, custom, graph), *served(resource)]
        said = {one.failure.message for one in met}
        met += [one for one in ruled.get(id(resource), ()) if one.failure.message not in said]
        if any(_is_lack(one) for one in met):
            if schemas.is_patch(resource):
                continue
            if (
                graph.evidence.excerpts(resource)
                or _is_misread(resource, schemas)
                or _is_completed_later(resource)
            ):
                met = [one for one in met if not _is_lack(one)]
            elif schemas.is_left_out(resource):
                met = [one for one in met if _UNLABELLED not in one.failure.message]
        if met and _is_whole(resource, met, graph):
            found += _by_place(resource, met)
    return found


def _ruled(resources: Sequence[Resource], schemas: Schemas) -> dict[int, list[Met]]:
    """What the rules in the definitions of their kinds say to objects, by the object's identity."""
    about = [resource for resource in resources if schemas.has_rules(resource)]
    if not about or find_spec(_LIBRARY) is None:
        return {}
    from kslint.model.cel.judging import broken

    judged = broken(about, schemas)
    return {
        id(resource): [
            Met(Failure(API_SERVER, message, node, "rule"), f"{kinds.shown(resource)} is invalid: ")
            for message, node in found
        ]
        for resource in about
        if (found := judged.get(id(resource)))
    }


_LACKS = re.compile(
    r': (Required value|Not found|Duplicate value: ""|Invalid value: (""|0|null|\[\]|\{\}): )|'
    "exactly one of|does not match|must match all|is required when|undeclared reference|"
    "storageUri field is invalid|illegal base64 data"
)
"""What is said where something is missing."""


_UNLABELLED = "does not match template `labels`"
"""What the labels of a kustomization would mend."""


def _is_lack(met: Met) -> bool:
    return _LACKS.search(met.failure.message) is not None


def _is_misread(resource: Resource, schemas: Schemas) -> bool:
    """Has the object a field that its kind has not? Then what it lacks may be written there.

    What has a status was taken from a cluster, and mostly not all of it.
    """
    status = resource.body.get("status")
    if isinstance(status, Map) and status.entries:
        return True
    reading = schemas.reading(resource)
    return bool(reading.dropped) or any(not fits(met.node, met.schema.type) for met in reading.odd)


def _is_completed_later(resource: Resource) -> bool:
    """Is a placeholder where the image is to be? Who fills it in may add what else is missing."""
    spec = resource.body.at("spec", "template", "spec") or resource.spec or resource.body
    return any(
        opaque(container.string("image") or "")
        for field in ("initContainers", "containers")
        for container in spec.listed(field)
    )


def _is_whole(resource: Resource, met: list[Met], graph: Graph) -> bool:
    """Is the object applied as it stands, as far as can be seen? False for patches.

    What lacks something, beside an object of its kind and name in another file, is one of it;
    so is what has but labels and annotations, for an object that something else makes.
    """
    if kinds.is_fragment(resource) or any(g.kind == VALUES for g in graph.partial(resource)):
        return False
    if resource.body.get("sops") is not None or graph.evidence.is_form(resource):
        return False  # encrypted, or to be filled in: what is applied is something else
    if not any(": Required value" in one.failure.message for one in met):
        return True
    if _is_applied_in_part(resource, graph):
        return False
    twins = graph.find(resource.kind, resource.name, None).resources
    return all(twin.file == resource.file for twin in twins)


_HEAD = {"apiVersion", "kind", "metadata"}


def _is_applied_in_part(resource: Resource, graph: Graph) -> bool:
    """Is it but annotations or labels, or applied on the server's side to what is there?"""
    marks = [resource.body.at("metadata", name) for name in ("annotations", "labels")]
    if set(resource.body.entries) <= _HEAD and any(isinstance(mark, Map) for mark in marks):
        return True
    return may_be_in_part(resource, graph.owners(resource)) or may_be_merged(resource, graph.merged)


def _own(resource: Resource, custom: frozenset[str], graph: Graph) -> Iterator[Met]:
    """What the API server says to an object as it is written."""
    prefix = f"{kinds.shown(resource)} is invalid: "
    for failure in kinds.failures(resource, custom):
        if failure.code != "missing-namespace" or not _is_given_one(resource, graph):
            yield Met(failure, prefix)
    yield from of_templates(resource)
    if (resource.group, resource.kind) == ("apps", "StatefulSet"):
        from kslint.model.kubernetes.admission.workloads import claim_template_failures

        for claim, failures in claim_template_failures(resource.body):
            name = f"{claim}-{resource.name}-0"
            prefix = (
                f"create Claim {name} for Pod {resource.name}-0 in StatefulSet {resource.name} "
                f'failed error: PersistentVolumeClaim "{name}" is invalid: '
            )
            yield from (Met(failure, prefix, "PersistentVolumeClaim") for failure in failures)


def _is_given_one(resource: Resource, graph: Graph) -> bool:
    """Does kustomize give a namespace, or would it if the kustomization beside took the file in?"""
    directory = posixpath.dirname(resource.file)
    return bool(resource.emitter) or any(
        emission.directory == directory and emission.namespace
        for emission in graph.scopes.emissions
    )


def _served(
    graph: Graph, resources: Sequence[Resource], by: Served
) -> Callable[[Resource], Iterable[Met]]:
    """What KServe says to an object, and the API server to what KServe makes of it."""
    if not any(resource.group == names.GROUP for resource in resources):
        return lambda _: ()  # most trees have none, and the imports take a while
    from kslint.model.kserve.admission.kinds import Judge

    services = {id(service.resource): service for service in by.services}
    llms = {id(service.resource): service for service in by.llms}
    return Judge(graph, by.settings, by.whole(), services, llms).met


def _by_place(resource: Resource, met: list[Met]) -> Iterator[Refusal]:
    """The refusals in their order, one for each place."""
    places: dict[Span, list[Met]] = {}
    nodes: dict[Span, Node] = {}
    for one in met:
        node = _standing(one.failure, resource)
        place = node.place
        if place is not None:
            nodes.setdefault(place, node)
            places.setdefault(place, []).append(one)
    for number, (place, several) in enumerate(places.items()):
        first = several[0]
        failure = first.failure
        told = met if failure.stage == API_SERVER else several[:1]  # others stop at the first
        messages = [one.failure.message for one in told if one.prefix == first.prefix]
        one_of_many = f"[..., {failure.message}, ...]"
        said = messages[0] if len(messages) == 1 else f"[{', '.join(messages)}]"
        yield Refusal(
            resource,
            nodes[place],
            failure.stage,
            failure.code,
            failure.message,
            first.prefix + said,
            first.prefix + (said if not number or len(messages) == 1 else one_of_many),
            first.made,
            failure,
        )


def _standing(failure: Failure, resource: Resource) -> Node:
    """What is to be changed: of two values that contradict each other the one of the object.

    What a patch puts beside a value of the base is to be changed in the patch.
    """
    node, other = failure.node, failure.other
    if other is not None and other.place is not None:
        is_own = node.origin is not None and other.origin is None
        in_base = node.place is not None and node.place.file == resource.file
        if is_own or (in_base and other.place.file != resource.file):
            node = other
    if node.place is not None:
        return node
    return resource.body.at("metadata", "name") or resource.body
