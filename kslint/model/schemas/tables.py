"""The folded schemas that kslint brings along, a table a family, read where a kind of it is met.

`data/README.md` names the releases and where they come from; `scripts/fold_schemas.py` describes
the format. A line is parsed when a value meets its node.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import TYPE_CHECKING, Any

from kslint.model.schemas.schema import Schema, within

if TYPE_CHECKING:
    from collections.abc import Iterable

KUBERNETES, KSERVE = "kubernetes", "kserve"
DEFAULT = "1.34"
"""The release of Kubernetes where the configuration names none."""

FAMILIES = {
    KSERVE: ("serving.kserve.io",),
    "argo-cd": ("argoproj.io",),
    "cert-manager": ("cert-manager.io", "acme.cert-manager.io"),
    "external-secrets": ("external-secrets.io", "generators.external-secrets.io"),
    "gateway-api": ("gateway.networking.k8s.io", "gateway.networking.x-k8s.io"),
    "inference-extension": ("inference.networking.k8s.io", "inference.networking.x-k8s.io"),
    "keda": ("keda.sh", "eventing.keda.sh"),
    "knative-serving": (
        "serving.knative.dev", "autoscaling.internal.knative.dev", "caching.internal.knative.dev",
        "networking.internal.knative.dev",
    ),
    "kuberay": ("ray.io",),
    "kueue": ("kueue.x-k8s.io", "visibility.kueue.x-k8s.io"),
    "leaderworkerset": ("leaderworkerset.x-k8s.io", "disaggregatedset.x-k8s.io"),
    "prometheus-operator": ("monitoring.coreos.com",),
}  # fmt: skip
"""The API groups of each family's table; those of Kubernetes are in its own."""

_FAMILY_OF = {group: family for family, groups in FAMILIES.items() for group in groups}
_OWN = frozenset(
    {"", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps",
     "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
     "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io",
     "flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "lifecycle.k8s.io",
     "networking.k8s.io", "node.k8s.io", "policy", "rbac.authorization.k8s.io",
     "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "storagemigration.k8s.io"}
)  # fmt: skip


TITLES = {
    KUBERNETES: "Kubernetes", KSERVE: "KServe", "argo-cd": "Argo CD",
    "cert-manager": "cert-manager", "external-secrets": "External Secrets",
    "gateway-api": "Gateway API", "inference-extension": "the Inference Extension",
    "keda": "KEDA", "knative-serving": "Knative Serving", "kuberay": "KubeRay", "kueue": "Kueue",
    "leaderworkerset": "LeaderWorkerSet", "prometheus-operator": "the Prometheus operator",
}  # fmt: skip
"""What people call the families."""

RULED: dict[str, set[str]] = {
    "cert-manager": {"ClusterIssuer", "Issuer"},
    "external-secrets": {
        "ClusterGenerator", "ClusterPushSecret", "ClusterSecretStore", "GitlabDeployToken",
        "PushSecret", "SecretStore",
    },
    "gateway-api": {
        "BackendLBPolicy", "BackendTLSPolicy", "GRPCRoute", "Gateway", "HTTPRoute",
        "ListenerSet", "TCPRoute", "TLSRoute", "UDPRoute", "XBackend", "XBackendTrafficPolicy",
        "XListenerSet",
    },
    "inference-extension": {"InferenceModel", "InferencePool"},
    "keda": {"ScaledObject"},
    KSERVE: {"LLMInferenceService", "LLMInferenceServiceConfig"},
    "kuberay": {"RayCluster", "RayCronJob", "RayJob", "RayService"},
    "kueue": {
        "ClusterQueue", "Cohort", "MultiKueueCluster", "MultiKueueConfig", "ResourceFlavor",
        "Topology", "Workload",
    },
    "leaderworkerset": {"DisaggregatedSet"},
    "prometheus-operator": {
        "Alertmanager", "AlertmanagerConfig", "Prometheus", "PrometheusAgent", "ScrapeConfig",
        "ThanosRuler",
    },
}  # fmt: skip
"""The kinds of each family whose definitions have rules: of others no table is read."""


def family_of(group: str) -> str | None:
    """The family whose table has the kinds of an API group, or None."""
    return KUBERNETES if group in _OWN else _FAMILY_OF.get(group)


class Release:
    """`version` as numbers, empty if not known. `place` is that in the table.

    `told`: does the input or the configuration name it?
    """

    __slots__ = ("place", "told", "version")

    def __init__(self, version: tuple[int, ...], place: int | None, told: bool) -> None:
        self.version = version
        self.place = place
        self.told = told

    @property
    def in_table(self) -> bool:
        """Does the table know all that this release may have? So it does if any may be meant."""
        return self.place is not None or not self.version


class Kind:
    """A kind in one version: its node, its scope, the releases that serve it (see `within`)."""

    __slots__ = ("node", "scope", "span")

    def __init__(
        self, node: int, scope: str, since: int | None = None, until: int | None = None
    ) -> None:
        self.node = node
        self.scope = scope
        self.span = (since, until)


class Table:
    """The schemas of one family.

    `releases` are its releases, oldest first, as numbers; `kinds` by `group/version/Kind`.
    """

    def __init__(self, lines: list[bytes]) -> None:
        head = json.loads(lines[0])
        self._lines = lines
        self.names: list[str] = head["releases"]
        self.releases = [numbers(name) for name in self.names]
        self.kinds: dict[str, list[Any]] = head["kinds"]
        self._made: dict[int | None, dict[int, Schema]] = {}

    def schema(self, node: int, release: int | None) -> Schema:
        """A node as one release has it; None: as any of them does."""
        made = self._made.setdefault(release, {})
        found = made.get(node)
        if found is None:
            type_, *rest = json.loads(self._lines[node + 1])
            facets: dict[str, Any] = rest[0] if rest else {}
            if "t" in facets and not self._tells(facets["t"], release):
                del facets["e"]
            found = made[node] = Schema(
                type_, facets, lambda index: self.schema(index, release), release
            )
        return found

    def _tells(self, told: str, release: int | None) -> bool:
        """Do values that were read in one release hold for another? Newer ones may take more."""
        return release is not None and self.releases[release][:2] <= numbers(told)

    def kind(self, key: str) -> Kind | None:
        """What is known of a kind; None if no release of the table has it."""
        found = self.kinds.get(key)
        return None if found is None else Kind(*found)

    def of(self, key: str, release: int | None) -> Schema | None:
        """The schema of a kind, for one alone to keep; None if the release does not have it."""
        kind = self.kind(key)
        if kind is None or not (release is None or within(kind.span, release)):
            return None
        type_, *rest = json.loads(self._lines[kind.node + 1])
        facets: dict[str, Any] = rest[0] if rest else {}
        return Schema(type_, facets, lambda index: self.schema(index, release), release)

    def index(self, version: Iterable[int]) -> int | None:
        """The release that stands for a version: the same minor one. None if there is none."""
        wanted = tuple(version)[:2]
        return next((i for i, each in enumerate(self.releases) if each[:2] == wanted), None)

    def minor(self, index: int) -> str:
        """A release by its place, as `1.34`."""
        return ".".join(map(str, self.releases[index][:2]))

    @property
    def newest(self) -> tuple[int, ...]:
        return self.releases[-1]


def numbers(version: str) -> tuple[int, ...]:
    """`v1.34.2` as numbers; empty for what is no version."""
    parts = version.strip().lstrip("v").split("-")[0].split("+")[0].split(".")
    are_numbers = all(p.isascii() and p.isdigit() and len(p) < 10 for p in parts)
    return tuple(map(int, parts)) if are_numbers else ()


@cache
def table(family: str) -> Table:
    """The table of a family."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "data", f"{family}.jsonl"), "rb") as handle:
        return Table(handle.read().split(b"\n"))


def metadata() -> Schema:
    """The schema that the metadata of every object has."""
    own = table(KUBERNETES)
    return own.schema(own.kinds["//ObjectMeta"][0], None)
