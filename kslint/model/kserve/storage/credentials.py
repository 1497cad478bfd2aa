"""Credentials for a model download, from the Secrets of the pod's ServiceAccount.

Mirrors pkg/credentials/service_account_credentials.go and the packages below it @v0.19.0.
What the input does not show is unknown and adds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from kslint.graph.graph import ABSENT, FOUND, UNKNOWN
from kslint.model.kserve.pod_edits import elements, with_mount, with_volume
from kslint.model.tree import appended, put
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.graph.graph import Graph
    from kslint.model.kserve.component import Draft
    from kslint.model.kserve.settings import Settings
    from kslint.resources import Resource
    from kslint.source.nodes import Node

DEFAULT_ACCOUNT = "default"

_SOURCE = "pkg/credentials/service_account_credentials.go"
_IRSA = "eks.amazonaws.com/role-arn"
_GCS_PATH = "/var/secrets/"
_HDFS_PATH = "/var/secrets/kserve-hdfscreds"
_AZURE = (
    "AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_ACCESS_KEY", "AZURE_ACCESS_TOKEN", "AZURE_ACCESS_EXPIRES_ON_SECONDS",
    "AZURE_ACCOUNT_NAME", "AZURE_SERVICE_URL",
)  # fmt: skip
_AZURE_LEGACY = {name: "AZ_" + name[6:] for name in _AZURE[:4]}
_S3_FIELDS = (
    ("S3_VERIFY_SSL", "s3-verifyssl", "s3VerifySSL"),
    ("awsAnonymousCredential", "s3-useanoncredential", "s3UseAnonymousCredential"),
    ("AWS_DEFAULT_REGION", "s3-region", "s3Region"),
    ("S3_USER_VIRTUAL_BUCKET", "s3-usevirtualbucket", "s3UseVirtualBucket"),
    ("S3_USE_ACCELERATE", "s3-useaccelerate", "s3UseAccelerate"),
    ("AWS_CA_BUNDLE", "s3-cabundle", "s3CABundle"),
    ("AWS_CA_BUNDLE_CONFIGMAP", "s3-cabundle-configmap", "s3CABundleConfigMap"),
)
"""Variable (and key in the Secret), annotation without its prefix, setting (s3/utils.go)."""

Env = list[dict[str, object]]


class Owner(Protocol):
    """Whose download it is: a service in its namespace, with the settings that govern it."""

    resource: Resource
    graph: Graph
    settings: Settings
    namespace: str | None


class SecretUse(NamedTuple):
    """A Secret that credentials are read from.

    `answer` is found, absent or unknown. `kind` is s3, gcs, azure, https, hdfs or hf, "" for a
    Secret that KServe skips, None where its keys are not known.
    """

    name: str
    node: Node | None
    answer: str
    kind: str | None = None
    resource: Resource | None = None


def secret_keys(resource: Resource) -> tuple[frozenset[str], bool]:
    """The keys of a Secret, or of what will become one, and whether those are all of them."""
    body = resource.body
    paths: tuple[tuple[str, ...], ...]
    if resource.kind == "Secret":
        paths, complete = (("data",), ("stringData",)), True
    elif resource.kind == "SealedSecret":
        paths, complete = (("spec", "encryptedData"), ("spec", "template", "data")), True
    else:
        return _external_keys(body) if resource.kind == "ExternalSecret" else (frozenset(), False)
    return frozenset(name for path in paths for name in _names(body.at(*path))), complete


def secret_value(resource: Resource | None, key: str) -> str | None:
    """The text under a key of a Secret in the input; None if it is not there or not plain."""
    if resource is None or resource.kind != "Secret":
        return None
    text = resource.body.string("stringData", key)
    if text is not None:
        return text
    encoded = resource.body.string("data", key)
    if encoded is None:
        return None
    import base64
    import binascii

    try:
        return base64.b64decode(encoded).decode("utf-8")
    except (binascii.Error, ValueError):
        return None


def secret_use(name: str, node: Node | None, owner: Owner) -> SecretUse:
    """Look a Secret up and say what KServe takes it for (the first key that hits)."""
    lookup = owner.graph.find("Secret", name, owner.namespace, "", owner.resource)
    if lookup.found is None:
        return SecretUse(name, node, lookup.answer)
    if len(lookup.resources) > 1:  # which of them will be there, and with which keys?
        return SecretUse(name, node, FOUND)
    return SecretUse(name, node, FOUND, _kind_of(lookup.found, owner.settings), lookup.found)


def account_secrets(component: Draft) -> tuple[SecretUse, ...]:
    """The Secrets of the component's ServiceAccount, or the one that an annotation names.

    Empty where the ServiceAccount is not in the input: then nothing is known of them.
    """
    account = account_of(component)[2]
    listed = None if account is None else account.body.get("secrets")
    return named_secrets(component.owner, component.metadata, elements(listed))


def named_secrets(owner: Owner, metadata: Node, listed: list[Node]) -> tuple[SecretUse, ...]:
    """The Secret that an annotation of the metadata names, else those an account lists."""
    wanted = owner.settings.text("credentials", "storageSecretNameAnnotation")
    annotation = metadata.at("annotations", wanted) if wanted else None
    if annotation is not None and annotation.text:
        named = [annotation]
    else:
        named = [n for s in listed if (n := s.get("name")) is not None and n.text]
    return tuple(secret_use(node.text or "", node, owner) for node in named)


def account_of(component: Draft) -> tuple[str, Node | None, Resource | None, str]:
    """Name, node, object and answer for the ServiceAccount of a component's pods.

    Every namespace has a `default` account, so that one is never absent.
    """
    pod_spec = component.built.pod_spec or component.stored
    node = pod_spec.get("serviceAccountName") or pod_spec.get("serviceAccount")
    name = (node.text if node is not None and not node.is_null else "") or DEFAULT_ACCOUNT
    owner = component.owner
    lookup = owner.graph.find("ServiceAccount", name, owner.namespace, "", owner.resource)
    answer = UNKNOWN if name == DEFAULT_ACCOUNT and lookup.answer == ABSENT else lookup.answer
    return name, node, lookup.found, answer


def with_account_credentials(component: Draft, container: Map, pod: Map) -> tuple[Map, Map]:
    """The container with the variables and mounts of its account's Secrets, and its pod.

    Without the ServiceAccount in the input nothing is added: the annotation too only counts
    once the account was found (CreateSecretVolumeAndEnv).
    """
    account = account_of(component)[2]
    if account is None:
        return container, pod
    settings = component.owner.settings
    return with_credentials(container, pod, account, account_secrets(component), settings)


def with_credentials(
    container: Map,
    pod: Map,
    identity: Resource | None,
    secrets: Iterable[SecretUse],
    settings: Settings,
) -> tuple[Map, Map]:
    """The container with what an account's annotations and Secrets bring, and its pod.

    `identity` is the object whose annotations count, if the input shows it.
    """
    origin = credentials_origin("the ServiceAccount's credentials", "211-266")
    if identity is not None and identity.annotation(_IRSA) is not None:
        container = with_env(container, _s3_variables(identity, None, settings), origin)
    for use in secrets:
        container, pod = _with_secret(container, pod, use, settings)
    return container, pod


def _with_secret(container: Map, pod: Map, use: SecretUse, settings: Settings) -> tuple[Map, Map]:
    origin = credentials_origin(f"Secret {use.name}, by its keys", "268-337")
    resource = use.resource
    if resource is None or not use.kind:
        return container, pod
    if use.kind in ("gcs", "hdfs"):
        gcs = use.kind == "gcs"
        volume, path = ("user-gcp-sa", _GCS_PATH) if gcs else ("hdfs-secrets", _HDFS_PATH)
        pod = with_volume(pod, volume, {"secret": {"secretName": use.name}}, origin)
        mount: dict[str, object] = {"name": volume, "mountPath": path, "readOnly": True}
        container = with_mount(container, mount, origin)
        if gcs:
            value = path + _gcs_file(settings)
            pair: Env = [{"name": "GOOGLE_APPLICATION_CREDENTIALS", "value": value}]
            container = with_env(container, pair, origin)
        return container, pod
    if use.kind == "s3":
        variables = _s3_variables(resource, use.name, settings)
        replaced = {item["name"] for item in variables}
        kept = [i for i in elements(container.get("env")) if i.string("name") not in replaced]
        container = put(container, ("env",), appended(None, kept, origin))
    else:
        variables = _plain_variables(resource, use, settings)
    return with_env(container, variables, origin), pod


def _plain_variables(resource: Resource, use: SecretUse, settings: Settings) -> Env:
    """Variables of Azure, HTTP and Hugging Face Secrets."""
    keys, _ = secret_keys(resource)
    if use.kind == "hf" and settings.has("hub-token-by-reference"):
        return [from_secret("HF_TOKEN", use.name, "HF_TOKEN")]
    if use.kind == "hf":
        token: Env = [{"name": "HF_TOKEN", "value": secret_value(resource, "HF_TOKEN") or ""}]
        fast: Env = [{"name": "HF_HUB_ENABLE_HF_TRANSFER", "value": "1"}]
        return token + (fast if settings.has("hub-transfer-with-token") else [])
    if use.kind == "https":
        host, headers = secret_value(resource, "https-host"), secret_value(resource, "headers")
        known = host is not None and headers is not None
        return [{"name": f"{host}-headers", "value": headers}] if known else []
    signs = ("AZ_CLIENT_ID", "AZURE_CLIENT_ID", "AZURE_ACCESS_TOKEN")
    whole = bool(keys.intersection(signs))
    names: tuple[str, ...] = _AZURE if whole else ("AZURE_STORAGE_ACCESS_KEY",)
    always = {"AZURE_TENANT_ID"}
    if not settings.has("azure-keys-where-given"):
        names = names[: 5 if settings.has("azure-storage-key-too") else 4]
        always |= {"AZURE_SUBSCRIPTION_ID", "AZURE_CLIENT_ID"}
    found: Env = []
    for name in names:
        legacy = _AZURE_LEGACY.get(name, "")
        key = legacy if legacy in keys else name
        if key in keys or name in always:
            found.append(from_secret(name, use.name, key))
    return found


def _s3_variables(resource: Resource, secret: str | None, settings: Settings) -> Env:
    """BuildSecretEnvs and BuildS3EnvVars: annotation, then the Secret's key, then the setting."""

    def value(variable: str, annotation: str, setting: str) -> str:
        text = resource.annotation(f"serving.kserve.io/{annotation}")
        if text is None:
            text = secret_value(resource, variable)
        return settings.text("credentials", "s3", setting) if text is None else text

    found: Env = []
    if secret is not None:
        pairs = (
            ("AWS_ACCESS_KEY_ID", "s3AccessKeyIDName", "awsAccessKeyID"),
            ("AWS_SECRET_ACCESS_KEY", "s3SecretAccessKeyName", "awsSecretAccessKey"),
        )
        for variable, setting, fallback in pairs:
            key = settings.text("credentials", "s3", setting) or fallback
            found.append(from_secret(variable, secret, key))
    endpoint = value("S3_ENDPOINT", "s3-endpoint", "s3Endpoint").strip()
    if endpoint:
        scheme, _, rest = endpoint.partition("://")
        if scheme.lower() in ("http", "https") and rest:
            use_https, host, url = str(int(scheme.lower() == "https")), rest, endpoint
        else:
            use_https, host = value("S3_USE_HTTPS", "s3-usehttps", "s3UseHttps"), endpoint
            url = ("http://" if use_https == "0" else "https://") + endpoint
        values = (("S3_USE_HTTPS", use_https), ("S3_ENDPOINT", host), ("AWS_ENDPOINT_URL", url))
        found += [{"name": name, "value": text} for name, text in values if text]
    for variable, annotation, setting in _S3_FIELDS:
        text = value(variable, annotation, setting)
        if text:
            found.append({"name": variable, "value": text})
    return found


def _kind_of(resource: Resource, settings: Settings) -> str | None:
    s3_key = settings.text("credentials", "s3", "s3SecretAccessKeyName") or "awsSecretAccessKey"
    keys, complete = secret_keys(resource)
    chain = (
        (s3_key, "s3"),
        (_gcs_file(settings), "gcs"),
        ("AZ_CLIENT_ID", "azure"),
        ("AZURE_CLIENT_ID", "azure"),
        ("AZURE_ACCESS_TOKEN", "azure"),
        ("AZURE_STORAGE_ACCESS_KEY", "azure"),
        ("https-host", "https"),
        ("HDFS_NAMENODE", "hdfs"),
        ("HF_TOKEN", "hf"),
    )
    kind = next((kind for key, kind in chain if key in keys), "")
    return kind if complete or kind == "s3" else None


def _gcs_file(settings: Settings) -> str:
    name = settings.text("credentials", "gcs", "gcsCredentialFileName")
    return name or "gcloud-application-credentials.json"


def _external_keys(body: Map) -> tuple[frozenset[str], bool]:
    """The keys an ExternalSecret will write (external-secrets v1: a template replaces them)."""
    spec = body.get("spec") or Map({})
    template = spec.at("target", "template")
    complete = spec.get("dataFrom") is None
    names = [item.string("secretKey") or "" for item in elements(spec.get("data"))]
    if template is not None and (template.get("data") or template.get("templateFrom")):
        complete = template.get("templateFrom") is None
        names = list(_names(template.get("data")))
    return frozenset(names), complete


def from_secret(variable: str, secret: str, key: str) -> dict[str, object]:
    reference = {"name": secret, "key": key}
    return {"name": variable, "valueFrom": {"secretKeyRef": reference}}


def with_env(container: Map, variables: Env, origin: Origin) -> Map:
    if not variables:
        return container
    added = [made(variable, origin) for variable in variables]
    return put(container, ("env",), appended(container.get("env"), added, origin))


def credentials_origin(text: str, lines: str) -> Origin:
    return Origin("controller", text, f"{_SOURCE}:{lines} @v0.19.0")


def _names(node: Node | None) -> list[str]:
    return [name for name, _ in _items(node)]


def _items(node: Node | None) -> list[tuple[str, Node]]:
    return [] if node is None else list(node.items())
