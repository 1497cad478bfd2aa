"""Credentials that are there and do not reach the download of a model.

The storage initializer gets what its pod's ServiceAccount lists in `secrets`, or the Secret that an
annotation of the InferenceService names, and what a ClusterStorageContainer adds
(pkg/credentials/service_account_credentials.go:211-337, s3/s3_secret.go:62-70 @v0.19.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.evidence import are_near
from kslint.graph.graph import ABSENT
from kslint.model.engines.hub import TOKENS
from kslint.model.kserve import names
from kslint.model.kserve.storage.containers import storage_containers
from kslint.model.kserve.storage.credentials import (
    DEFAULT_ACCOUNT,
    account_of,
    account_secrets,
    secret_keys,
)
from kslint.model.kserve.storage.sources import (
    INITIALIZER,
    model_sources,
    target_container,
    uses_storage_spec,
)
from kslint.model.kubernetes.pod import environment, has_env_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.component import Draft
    from kslint.model.kserve.storage.credentials import SecretUse
    from kslint.model.kserve.storage.sources import ModelSource
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_PREFIX = "serving.kserve.io/"
_IRSA = "eks.amazonaws.com/role-arn"
_S3_ANNOTATIONS = frozenset(
    {
        "s3-cabundle", "s3-cabundle-configmap", "s3-endpoint", "s3-region", "s3-useaccelerate",
        "s3-useanoncredential", "s3-usehttps", "s3-usevirtualbucket", "s3-verifyssl",
    }
)  # fmt: skip
SECRETS = ("Secret", "SealedSecret", "ExternalSecret")


class Unread(NamedTuple):
    """An annotation about S3 that KServe does not read where it stands.

    `why` is prefix, service or account.
    """

    resource: Resource
    node: Node
    name: str
    right: str
    why: str


def downloads(component: Draft, scheme: str) -> list[ModelSource]:
    """The sources of a component that the storage initializer fetches by a scheme."""
    if component.owner.mode.name == names.MODELMESH:
        return []
    sources = [s for s in model_sources(component) if s.kind == INITIALIZER]
    return [s for s in sources if s.scheme == scheme]


def unread_annotations(component: Draft) -> Iterator[Unread]:
    """Annotations about S3 under another prefix, or on an object that they are not read from."""
    owner = component.owner
    account = account_of(component)[2]
    for use in account_secrets(component):
        if use.resource is not None and use.resource.kind == "Secret":
            yield from _misspelt(use.resource)
    if account is not None and account.annotation(_IRSA) is None:
        yield from _misplaced(account, account.body.at("metadata", "annotations"), "account")
    places = (
        owner.resource.body.at("metadata", "annotations"),
        component.written.get("annotations"),
    )
    for place in places:
        yield from _misplaced(owner.resource, place, "service")


def _misspelt(resource: Resource) -> Iterator[Unread]:
    annotations = resource.body.at("metadata", "annotations")
    for name, node in () if annotations is None else annotations.items():
        last = name.rpartition("/")[2].lower()
        right = _PREFIX + last
        if last in _S3_ANNOTATIONS and name != right and resource.annotation(right) is None:
            yield Unread(resource, node, name, right, "prefix")


def _misplaced(resource: Resource, annotations: Node | None, why: str) -> Iterator[Unread]:
    for name, node in () if annotations is None else annotations.items():
        if name.startswith(_PREFIX) and name[len(_PREFIX) :] in _S3_ANNOTATIONS:
            yield Unread(resource, node, name, name, why)


class Unreached(NamedTuple):
    """Credentials in a namespace that a download does not get.

    `node` is what to point at: the URI, or the values of a Secret that is listed and has other keys
    than KServe looks for. `account` may be in the input or not.
    """

    node: Node
    source: ModelSource
    secret: Resource
    account: str
    account_resource: Resource | None
    keys: bool = False


def unreached_s3(component: Draft) -> Unreached | None:
    """S3 credentials that are there, and that an s3:// download goes without."""
    found = downloads(component, "s3")
    if not found or uses_storage_spec(component, found):
        return None
    account, _, resource, answer = account_of(component)
    if resource is None and account != DEFAULT_ACCOUNT:
        return None  # nobody knows what it lists
    if resource is not None and (answer == ABSENT or resource.annotation(_IRSA) is not None):
        return None
    if _names_secret(component) or _by_container(component, found, ("AWS_ACCESS_KEY_ID",)):
        return None
    wanted = _key_names(component)
    if not all(wanted):
        return None  # settings out of sight name the keys
    uses = account_secrets(component)
    if any(use.kind in (None, "s3") for use in uses):
        return None
    for use in uses:
        node = _odd_keys(use)
        if node is not None and use.resource is not None:
            return Unreached(node, found[0], use.resource, account, resource, keys=True)
    secret = _around(component, {*wanted})
    if secret is None:
        return None
    return Unreached(found[0].uri, found[0], secret, account, resource)


def _names_secret(component: Draft) -> bool:
    """Does an annotation name the Secret, by the settings' key or the two that installers set?"""
    wanted = component.owner.settings.text("credentials", "storageSecretNameAnnotation")
    keys = {wanted, f"{_PREFIX}secretName", f"{_PREFIX}storageSecretName"} - {""}
    return any(component.metadata.string("annotations", key) for key in keys)


def _by_container(component: Draft, sources: list[ModelSource], variables: tuple[str, ...]) -> bool:
    """May a ClusterStorageContainer give the variables?"""
    for source in sources:
        for container in storage_containers(component, source.uri.text or ""):
            own = container.spec.get("container")
            if own is None:
                continue
            if has_env_from(own) or not environment(own).keys().isdisjoint(variables):
                return True
    return False


def _odd_keys(use: SecretUse) -> Node | None:
    """The values of a listed Secret whose keys look like S3 credentials under other names."""
    if use.resource is None or use.resource.kind != "Secret" or use.kind != "":
        return None
    keys, complete = secret_keys(use.resource)
    meant = any(use.resource.annotation(_PREFIX + name) for name in _S3_ANNOTATIONS)
    telling = [key for key in keys if meant or "access" in key.lower() or "aws" in key.lower()]
    if not complete or not telling:
        return None
    for field in ("stringData", "data"):
        node = use.resource.body.at(field)
        if node is not None and any(key in telling for key, _ in node.items()):
            return node
    return None


def _key_names(component: Draft) -> tuple[str, str]:
    """The keys of an S3 Secret by KServe's settings; empty texts where those are not known."""
    settings = component.owner.settings
    fields = ("s3AccessKeyIDName", "s3SecretAccessKeyName")
    one, other = (settings.text("credentials", "s3", field) for field in fields)
    return one, other


def _around(component: Draft, wanted: set[str]) -> Resource | None:
    """A Secret of the namespace with S3 keys as KServe looks for them, or with its annotations.

    Where the namespace of one of the two is not known, it must stand near the service.
    """
    owner = component.owner
    for kind in SECRETS:
        made = [
            resource
            for its, namespace, _, resource in owner.graph.scopes.generated()
            if its == kind and namespace is not None and namespace == owner.namespace
        ]
        for resource in (*owner.graph.of_namespace(kind, owner.namespace), *made):
            if not owner.graph.evidence.reaches(resource, owner.resource):
                continue
            known = owner.namespace and owner.graph.namespace_of(resource)
            if not known and not are_near(resource, owner.resource):
                continue
            keys, _ = secret_keys(resource)
            annotated = any(resource.annotation(_PREFIX + name) for name in _S3_ANNOTATIONS)
            if wanted <= keys or annotated:
                return resource
    return None


class Token(NamedTuple):
    """A token of the hub that the server has and the download has not."""

    node: Node
    variable: str
    source: ModelSource
    account: str


def token_of_server_alone(component: Draft) -> Token | None:
    """A token in the server's environment, beside hf:// that the initializer fetches without."""
    found = downloads(component, "hf")
    pod_spec = component.built.pod_spec or component.stored
    server = target_container(pod_spec) or component.stored.get("model")
    if not found or server is None or _names_secret(component):
        return None
    item = _token(server, component)
    account, _, resource, _ = account_of(component)
    if item is None or (resource is None and account != DEFAULT_ACCOUNT):
        return None
    if any(use.kind in (None, "hf") for use in account_secrets(component)):
        return None
    if _by_container(component, found, TOKENS):
        return None
    return Token(item[0], item[1], found[0], account)


def _token(server: Node, component: Draft) -> tuple[Node, str] | None:
    """The token among a container's variables, or among the keys of a Secret that it takes."""
    variables = environment(server)
    for name in TOKENS:
        if name in variables and variables[name].value != "":
            return variables[name].node, name
    owner = component.owner
    for source in server.listed("envFrom"):
        secret = source.string("secretRef", "name") or ""
        found = owner.graph.find("Secret", secret, owner.namespace, "", owner.resource).found
        keys = set() if found is None or source.string("prefix") else secret_keys(found)[0]
        named = next((name for name in TOKENS if name in keys), None)
        if named is not None:
            return source, named
    return None
