"""Sync options and ignored differences that Argo CD does not find: spelt otherwise, or of nothing.

Sources: argo-cd v3.4.4 pkg/apis/application/v1alpha1/types.go (SyncOptions.HasOption compares whole
texts), controller/sync.go (which options of an Application are asked for; namespace metadata only
with CreateNamespace=true), gitops-engine/pkg/sync/common/types.go,
util/argo/normalizers/diff_normalizer.go (an entry's group and kind are matched as globs with the
object's; a pointer begins with `/`, a jq path with `.`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.argo import DIRECTORY, KUSTOMIZE
from kslint.graph.sync_options import SYNC_OPTIONS, annotation_option, option_is
from kslint.model.gitops import argocd
from kslint.model.kubernetes.admission.field_errors import templated
from kslint.source.globs import of_name
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Application
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_SWITCH = ("true", "false")
_KEPT = ("true", "false", "confirm")
_OPTIONS = {
    "ApplyOutOfSyncOnly": _SWITCH,
    "ClientSideApplyMigration": _SWITCH,
    "CreateNamespace": _SWITCH,
    "Delete": _KEPT,
    "FailOnSharedResource": _SWITCH,
    "Force": _SWITCH,
    "Prune": _KEPT,
    "PruneLast": _SWITCH,
    "PrunePropagationPolicy": ("background", "foreground", "orphan"),
    "Replace": _SWITCH,
    "RespectIgnoreDifferences": _SWITCH,
    "ServerSideApply": _SWITCH,
    "SkipDryRunOnMissingResource": _SWITCH,
    "Validate": _SWITCH,
}


_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false"}


class Unread(NamedTuple):
    """An option that Argo CD does not find: `reason` is spelling, value, own or metadata."""

    reason: str
    node: Node
    text: str
    meant: str


def unread(application: Application) -> Iterator[Unread]:
    """The sync options of an Application that Argo CD does not find."""
    options = application.sync_options
    for item in [] if options is None else options.elements():
        if isinstance(item, Scalar) and not templated(item.text):
            yield from _unread(item, item.text)
            if item.text == "Force=true":
                yield Unread("own", item, item.text, "")
    metadata = application.spec.at("syncPolicy", "managedNamespaceMetadata")
    patched = argocd.is_patched(application, "syncOptions", "CreateNamespace")
    if metadata is not None and not metadata.is_null and not patched:
        texts = [item.text or "" for item in ([] if options is None else options.elements())]
        if not any(text.startswith("CreateNamespace") or templated(text) for text in texts):
            yield Unread("metadata", metadata, "", "CreateNamespace=true")


def unread_of(resource: Resource) -> Iterator[Unread]:
    """The same of the options that an object has in its annotation."""
    node = resource.body.at("metadata", "annotations", SYNC_OPTIONS)
    for text in ("" if node is None else node.text or "").split(","):
        if node is not None and text and not templated(text):
            yield from _unread(node, text.strip())


def _unread(node: Node, text: str) -> Iterator[Unread]:
    name, _, value = text.partition("=")
    known = _OPTIONS.get(name)
    if known is not None and value in known:
        return
    plain = name.strip()
    by_case = {each.lower(): each for each in _OPTIONS}
    from difflib import get_close_matches  # mostly no option is misspelt

    near = get_close_matches(plain.lower(), by_case, n=1, cutoff=0.85)
    if not near:
        return  # an option of another release, it may be
    meant = by_case[near[0]]
    wanted = _WORDS.get(value.strip().lower(), value.strip().lower())
    if plain.lower().startswith("disable"):
        wanted = {"true": "false", "false": "true"}.get(wanted, wanted)
    right = [each for each in _OPTIONS[meant] if each == wanted]
    reason = "value" if meant == name else "spelling"
    yield Unread(reason, node, text, f"{meant}={right[0] if right else _OPTIONS[meant][0]}")


_GROUPS = {
    "apps": ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
    "autoscaling": ("HorizontalPodAutoscaler",),
    "batch": ("Job", "CronJob"),
    "": ("ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim", "Namespace"),
    "apiextensions.k8s.io": ("CustomResourceDefinition",),
    "admissionregistration.k8s.io": (
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ),
    "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
    "serving.kserve.io": ("InferenceService", "LLMInferenceService", "ServingRuntime"),
    "keda.sh": ("ScaledObject",),
}
"""The one group of a kind, for kinds of which nobody else has one of the same name."""


class Idle(NamedTuple):
    """An `ignoreDifferences` entry that ignores nothing.

    `reason` is group, core, pointer, jq or name.
    """

    reason: str
    node: Node
    kind: str
    text: str
    meant: str


def idle(application: Application, graph: Graph) -> Iterator[Idle]:
    """The entries of an Application that match no object, or no field of any."""
    for entry in application.spec.listed("ignoreDifferences"):
        kind, group = entry.string("kind") or "", entry.string("group") or ""
        right = next((g for g, kinds in _GROUPS.items() if kind in kinds), None)
        if templated(kind) or templated(group):
            continue
        if "/" in group or (right is not None and not of_name(group or "").matches(right)):
            at = entry.get("group") or entry.get("kind") or entry
            meant = group.partition("/")[0] if right is None else right
            yield Idle("group" if group else "core", at, kind, group, meant)
            continue
        for field, start in (("jsonPointers", "/"), ("jqPathExpressions", ".")):
            for item in entry.listed(field):
                text = (item.text or "").strip()
                if text and not templated(text) and _is_path(text, start):
                    reason = "pointer" if start == "/" else "jq"
                    yield Idle(reason, item, kind, text, start + text.lstrip("./"))
        name = entry.get("name")
        if name is not None and name.text and right is not None and not application.templated:
            yield from _of_name(application, name, (right, kind), graph)


def _is_path(text: str, start: str) -> bool:
    """Is it a path that lacks its first character?"""
    if start == "/":
        return not text.startswith("/")
    return text[0].isalpha() and "(" not in text and "|" not in text


def _of_name(
    application: Application, name: Node, wanted: tuple[str, str], graph: Graph
) -> Iterator[Idle]:
    """An entry for an object that the Application, all of which is known, does not deploy."""
    places = argocd.places(graph, application)
    if not places or templated(name.text or ""):
        return
    for place in places:
        built = argocd.emission(graph, place)
        if place.tool not in (DIRECTORY, KUSTOMIZE) or (built is not None and built.gaps):
            return
        if place.tool == KUSTOMIZE and (built is None or built.charts):
            return
    group, kind = wanted
    key = application.resource.body
    deployed = [
        each
        for each in graph.of_kind(kind, group)
        if any(o.resource.body is key for o in argocd.owners(graph, each))
    ]
    if deployed and all(each.name != name.text for each in deployed):
        there = ", ".join(sorted({f"`{each.name}`" for each in deployed})[:3])
        yield Idle("name", name, kind, name.text or "", there)


class Replaced(NamedTuple):
    """A claim that an Application replaces; `lost`: it is deleted for that, with what is on it."""

    claim: Resource
    application: Application
    node: Node | None
    lost: bool


def replaced(claims: list[Resource], graph: Graph) -> Iterator[Replaced]:
    """The claims that syncs put in anew as a whole, which the API server does not allow."""
    for claim in claims:
        if claim.body.at("spec", "volumeName") is not None:
            continue
        own = annotation_option(claim, "Replace")
        for application in argocd.owners(graph, claim):
            options = application.sync_options
            whole = option_is(options, "Replace")
            if own == "false" or not (own == "true" or whole):
                continue
            if option_is(options, "ApplyOutOfSyncOnly"):
                continue
            forced = annotation_option(claim, "Force") == "true"
            yield Replaced(claim, application, argocd.option(options, "Replace"), forced)
            break
