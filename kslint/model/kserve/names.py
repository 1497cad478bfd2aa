"""Names that KServe gives a meaning to. Source: pkg/constants/constants.go @v0.19.0."""

GROUP = "serving.kserve.io"

PREDICTOR_CONTAINER = "kserve-container"
TRANSFORMER_CONTAINER = "transformer-container"
WORKER_CONTAINER = "worker-container"

MODEL_MOUNT_PATH = "/mnt/models"
DEFAULT_HTTP_PORT = 8080
AGENT_PORT = 9081
SERVICE_PORT = 80

DEPLOYMENT_MODE = "serving.kserve.io/deploymentMode"
AUTOSCALER_CLASS = "serving.kserve.io/autoscalerClass"
STOP = "serving.kserve.io/stop"
GIVE_RESOURCES = (
    "serving.kserve.io/exp-dra-device-class",
    "opendatahub.io/hardware-profile-name",
)
"""Annotations by which pods get devices: KServe's own claim for an LLMInferenceService (its main
branch after v0.21), and Open Data Hub's hardware profiles (its operator's webhook)."""
SERVER_TYPE = "serving.kserve.io/server-type"
MODEL_FORMAT = "modelFormat"
STORAGE_READONLY = "storage.kserve.io/readonly"
INTERNAL = "internal.serving.kserve.io"
SOURCE_URI = f"{INTERNAL}/storage-initializer-sourceuri"
VISIBILITY_LABEL = "networking.kserve.io/visibility"
KNATIVE_VISIBILITY = "networking.knative.dev/visibility"
CLUSTER_LOCAL = "cluster-local"
KNATIVE_AUTOSCALING = "autoscaling.knative.dev/"
"""What the annotations of Knative's autoscaler begin with."""
KNATIVE_FIELDS = {
    "max-scale": "maxReplicas",
    "maxScale": "maxReplicas",
    "metric": "scaleMetric",
    "min-scale": "minReplicas",
    "minScale": "minReplicas",
    "target": "scaleTarget",
}
"""Fields of a component that say in every mode what Knative's annotations say in one."""
DEAD_SINCE = "0.15"
"""The first release that reads none of these (hpa_reconciler.go:62 @v0.14.1 was the last)."""
TARGET_UTILIZATION = "serving.kserve.io/targetUtilizationPercentage"
DEAD_ANNOTATIONS = {
    "serving.kserve.io/metrics": "`scaleMetric` of the component",
    TARGET_UTILIZATION: "`scaleTarget` of the component",
    "serving.kserve.io/logger-secret-name": "`logger.storage.key` of the component",
    "serving.kserve.io/logger-secret-path": "`logger.storage.path` of the component",
    "serving.kserve.io/logger-secret-file": "`logger.storage.parameters` of the component",
}
"""Annotations that KServe names and does not read, and what stands for each."""

STANDARD, KNATIVE, MODELMESH = "Standard", "Knative", "ModelMesh"
RAW = "RawDeployment"
LEGACY_MODES = {RAW: STANDARD, "Serverless": KNATIVE}

FRAMEWORKS = (
    "sklearn",
    "tensorflow",
    "xgboost",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "pmml",
    "lightgbm",
    "paddle",
)
"""Legacy framework keys of a predictor, in the order the webhook converts them."""

COMPONENT_FIELDS = frozenset(
    {
        "annotations", "autoScaling", "batcher", "canaryTrafficPercent", "containerConcurrency",
        "deploymentStrategy", "labels", "logger", "maxReplicas", "minReplicas", "scaleMetric",
        "scaleMetricType", "scaleTarget", "timeout",
    }
)  # fmt: skip
"""Fields of ComponentExtensionSpec (pkg/apis/serving/v1beta1/component.go)."""

PREDICTOR_FIELDS = COMPONENT_FIELDS | {
    "model", "name", "storageContainerName", "storageUris", "workerSpec", *FRAMEWORKS,
}  # fmt: skip
"""Fields of a predictor that are not part of its inlined pod spec."""

CONTAINER_FIELDS = frozenset(
    {
        "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle",
        "livenessProbe", "name", "ports", "readinessProbe", "resizePolicy", "resources",
        "restartPolicy", "restartPolicyRules", "securityContext", "startupProbe", "stdin",
        "stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty",
        "volumeDevices", "volumeMounts", "workingDir",
    }
)  # fmt: skip
"""Fields of `predictor.model` that are its container's (k8s.io/api core/v1 v0.34).

The others speak of the model, or are none and dropped.
"""
