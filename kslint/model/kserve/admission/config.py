"""What KServe cannot make of its ConfigMap `inferenceservice-config`, and with what words.

Sources: pkg/apis/serving/v1beta1/configmap.go, pkg/webhook/admission/pod/{agent_injector,
batcher_injector,metrics_aggregate_injector}.go, pkg/credentials, inferencegraph/controller.go,
all @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import Failure
from kslint.model.go_json import problem
from kslint.model.kserve import names
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.quantity import QuantityError, parse
from kslint.source.inner import inner_document
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.source.nodes import Node

WEBHOOK, CONTROLLER, PODS, GRAPHS = "webhook", "controller", "pod-webhook", "graphs"
"""Who stops: the webhook of services or their controller, that of pods, that of InferenceGraphs."""
UNKNOWN_MODE = "default-mode-unknown"


class _Key(NamedTuple):
    stage: str
    struct: str
    unread: str
    """What is said of a text that cannot be read."""


_KEYS = {
    "ingress": _Key(CONTROLLER, "IngressConfig", "unable to parse ingress config json: {}"),
    "deploy": _Key(WEBHOOK, "DeployConfig", "unable to parse deploy config json: {}"),
    "inferenceService": _Key(
        WEBHOOK, "InferenceServicesConfig", "unable to parse isvc config json: {}"
    ),
    "credentials": _Key(
        PODS, "CredentialConfig", "unable to unmarshall credential config json: {}"
    ),
    "storageInitializer": _Key(
        PODS,
        "StorageInitializerConfig",
        "Unable to unmarshall storageInitializer json string due to {} ",
    ),
    "logger": _Key(PODS, "LoggerConfig", "Unable to unmarshall logger json string due to {} "),
    "batcher": _Key(PODS, "BatcherConfig", "Unable to unmarshall batcher json string due to {} "),
    "agent": _Key(PODS, "AgentConfig", "unable to unmarshall agent json string due to {}"),
    "metricsAggregator": _Key(
        PODS,
        "MetricsAggregator",
        "Unable to unmarshall metricsAggregator json string due to {} ",
    ),
    "router": _Key(GRAPHS, "RouterConfig", "Unable to unmarshall agent json string due to {} "),
}
_QUANTITIES = ("memoryRequest", "memoryLimit", "cpuRequest", "cpuLimit")
_TEXTS = {
    "agent": _QUANTITIES,
    "batcher": _QUANTITIES,
    "logger": _QUANTITIES,
    "storageInitializer": _QUANTITIES,
    "router": _QUANTITIES,
    "metricsAggregator": ("enableMetricAggregation", "enablePrometheusScraping"),
    "deploy": ("defaultDeploymentMode",),
    "ingress": ("ingressGateway", "kserveIngressGateway", "ingressDomain", "pathTemplate"),
}
"""Fields of type string."""
_TYPES = {"bool": "bool", "int": "number", "float": "number"}


def is_whole(data: Map) -> bool:
    """Is it all of the ConfigMap? A patch has but the keys that it changes."""
    return all(isinstance(data.get(key), Scalar) for key in ("deploy", "ingress"))


def config_failures(data: Map, complete: bool) -> list[Failure]:
    """Everything that stops KServe, in the data of a whole ConfigMap. Never raises.

    `complete`: no key is added by something else. One failure for each key, as each stops.
    """
    found: list[Failure] = []
    for key, what in _KEYS.items():
        node = data.get(key)
        if node is None:
            if complete and key in ("storageInitializer", "logger", "batcher", "agent"):
                found += _quantities(key, None, data)
        elif isinstance(node, Scalar) and not node.is_null:
            found += list(_of_key(key, what, node))[:1]
    return found


def _of_key(key: str, what: _Key, node: Scalar) -> Iterator[Failure]:
    broken = problem(node.literal)
    if broken is not None:
        if not _is_filled_in(broken.message):
            message = what.unread.format(broken.message)
            yield Failure(what.stage, message, node, f"no-json-{key}")
        return
    root = inner_document(node)
    if not isinstance(root, Map):
        return
    yield from _types(key, what, root)
    if key in ("storageInitializer", "logger", "batcher", "agent"):
        yield from _quantities(key, root, root)
    elif key == "deploy":
        yield from deploy_failures(root)
    elif key == "ingress":
        yield from _ingress(root)


def _is_filled_in(message: str) -> bool:
    """Did the reader stop at what may be a placeholder? `{{ x }}`, `${x}`, `<x>`, `%x%`."""
    start = "invalid character '"
    return message.startswith(start) and message[len(start)] in "{$<%@"


def _types(key: str, what: _Key, root: Map) -> Iterator[Failure]:
    for field in _TEXTS.get(key, ()):
        node = root.get(field)
        shown = None if node is None else _type(node)
        if node is not None and shown is not None:
            detail = (
                f"json: cannot unmarshal {shown} into Go struct field {what.struct}.{field} "
                "of type string"
            )
            yield Failure(what.stage, what.unread.format(detail), node, f"wrong-type-{key}")


def _type(node: Node) -> str | None:
    """What Go calls a JSON value that is no string; None for a string and null."""
    if not isinstance(node, Scalar):
        return "object" if isinstance(node, Map) else "array"
    return _TYPES.get(type(node.plain()).__name__)


def _quantities(key: str, root: Map | None, holder: Map) -> Iterator[Failure]:
    for field in _QUANTITIES:
        node = None if root is None else root.get(field)
        text = "" if node is None or node.is_null else node.text or ""
        if opaque(text):
            continue
        try:
            parse(text)
        except QuantityError as error:
            yield Failure(PODS, _unparsed(key, field, str(error)), node or holder, "quantities")
            return


def _unparsed(key: str, field: str, error: str) -> str:
    if key == "storageInitializer":
        return f'failed to parse resource configuration for "{key}"."{field}": {error}'
    if key == "agent":
        return f'failed to parse resource configuration for "{key}": {error}'
    return f'Failed to parse resource configuration for "{key}": "{error}"'


def deploy_failures(root: Node, has_new_names: bool = True) -> list[Failure]:
    """As NewDeployConfig. Releases before 0.16 know the old names of the modes alone."""
    node = root.get("defaultDeploymentMode")
    mode = "" if node is None or node.is_null else node.text or ""
    old = (*names.LEGACY_MODES, names.MODELMESH)
    code = UNKNOWN_MODE
    if not mode:
        code = "default-mode-missing"
        message = "invalid deploy config, defaultDeploymentMode is required"
    elif has_new_names and mode not in (*old, *names.LEGACY_MODES.values()):
        message = "invalid deployment mode. Supported modes are Knative, Standard and ModelMesh"
    elif not has_new_names and mode not in old:
        message = (
            "invalid deployment mode. Supported modes are Serverless, RawDeployment and ModelMesh"
        )
    else:
        return []
    return [] if opaque(mode) else [Failure(WEBHOOK, message, node or root, code)]


def _ingress(root: Map) -> Iterator[Failure]:
    """As NewIngressConfig, as far as it is about what is missing."""

    def text(field: str) -> str:
        node = root.get(field)
        return "" if node is None or node.is_null else node.text or ""

    missing = ""
    if text("enableGatewayApi") == "true" and not text("kserveIngressGateway"):
        missing = "kserveIngressGateway is required"
    elif not text("ingressGateway"):
        missing = "ingressGateway is required"
    elif text("pathTemplate") and not text("ingressDomain"):
        missing = "ingressDomain is required if pathTemplate is given"
    if missing:
        node = root.get(missing.split()[0]) or root
        message = f"invalid ingress config - {missing}"
        yield Failure(CONTROLLER, message, node, "ingress-config")
