"""The objects of a component in Standard mode, as KServe's raw reconcilers write them.

Expected values: pkg/controller/v1beta1/inferenceservice/reconcilers/ deployment, service, hpa and
keda @v0.19.0, with what the API server adds to a Deployment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kserve_worlds import world

from kslint.model.kserve.routing.ingress import routes

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import Component
    from kslint.source.nodes import Map

SERVER = "containers: [{name: kserve-container, image: 'server:1'}]"
KEDA = "{serving.kserve.io/autoscalerClass: keda}"


def predictor(
    fields: str = "", annotations: str = "{}", changes: dict[str, Any] | None = None
) -> Component:
    found = world(
        f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: iris, namespace: team, annotations: {annotations}, labels: {{team: a}}}}
spec:
  predictor: {{{fields or SERVER}}}
""",
        changes,
    ).predictor
    assert found is not None
    return found


def plain(body: Map) -> Any:
    return body.plain()


def deployment(fields: str = "", **more: Any) -> Any:
    found = predictor(fields, **more).deployment
    assert found is not None
    return found.plain()


def service(container: str, fields: str = "", **more: Any) -> Any:
    text = f"containers: [{{name: kserve-container, image: 'server:1'{container}}}]{fields}"
    found = predictor(text, **more).service
    assert found is not None
    return found.plain()


def scaler(fields: str = "", annotations: str = "{}", **more: Any) -> Any:
    found = predictor(f"{SERVER}{fields}", annotations, **more).scaler
    return None if found is None else found.plain()


def test_pods_carry_the_deployments_labels_and_the_selectors() -> None:
    found = deployment()
    label = {"app": "isvc.iris-predictor"}
    assert (found["apiVersion"], found["kind"]) == ("apps/v1", "Deployment")
    assert found["metadata"] == {
        "name": "iris-predictor",
        "namespace": "team",
        "annotations": {"serving.kserve.io/deploymentMode": "Standard"},
        "labels": {
            "team": "a",
            "serving.kserve.io/inferenceservice": "iris",
            "component": "predictor",
            **label,
        },
    }
    assert found["spec"]["template"]["metadata"] == found["metadata"]
    assert found["spec"]["selector"] == {"matchLabels": label}


def test_the_pod_has_kserves_defaults_and_the_servers_probe() -> None:
    pod = deployment()["spec"]["template"]["spec"]
    (server,) = pod.pop("containers")
    assert pod == {
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
    assert server["imagePullPolicy"] == "IfNotPresent"
    assert server["terminationMessagePath"] == "/dev/termination-log"
    assert server["terminationMessagePolicy"] == "File"
    assert server["readinessProbe"] == {
        "tcpSocket": {"port": 8080},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


@pytest.mark.parametrize(
    ("name", "ports", "port"),
    [
        ("kserve-container", "", 8080),
        ("kserve-container", "[{containerPort: 9000}, {containerPort: 9001}]", 9000),
        ("transformer-container", "[{containerPort: 7000}]", 7000),
        ("other", "[{containerPort: 9000}]", None),
    ],
)
def test_only_the_server_and_a_transformer_beside_it_get_a_probe(
    name: str, ports: str, port: int | None
) -> None:
    more = f", ports: {ports}" if ports else ""
    first = "{name: kserve-container, image: 'server:1'}, " if name != "kserve-container" else ""
    text = f"containers: [{first}{{name: {name}, image: 'server:1'{more}}}]"
    container = deployment(text)["spec"]["template"]["spec"]["containers"][-1]
    probe = container.get("readinessProbe")
    assert (probe and probe["tcpSocket"]["port"]) == port


QUARTERS = {"maxSurge": "25%", "maxUnavailable": "25%"}


@pytest.mark.parametrize(
    ("written", "deploy", "expected"),
    [
        ("", {"defaultDeploymentMode": "Standard"},
         {"type": "RollingUpdate", "rollingUpdate": QUARTERS}),
        ("", {"defaultDeploymentMode": "Standard",
              "deploymentRolloutStrategy": {"defaultRollout": {"maxSurge": "1"}}},
         {"type": "RollingUpdate", "rollingUpdate": {**QUARTERS, "maxSurge": "1"}}),
        ("", {"defaultDeploymentMode": "Standard",
              "deploymentRolloutStrategy": {"defaultRollout": {"maxUnavailable": "0"}}},
         {"type": "RollingUpdate", "rollingUpdate": {**QUARTERS, "maxUnavailable": "0"}}),
        (", deploymentStrategy: {type: Recreate}", {"defaultDeploymentMode": "Standard"},
         {"type": "Recreate"}),
        (", deploymentStrategy: {rollingUpdate: {maxSurge: 2}}",
         {"defaultDeploymentMode": "Standard",
          "deploymentRolloutStrategy": {"defaultRollout": {"maxUnavailable": "0"}}},
         {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": "25%"}}),
    ],
)  # fmt: skip
def test_a_written_strategy_beats_the_configured_one(
    written: str, deploy: dict[str, Any], expected: dict[str, Any]
) -> None:
    spec = deployment(SERVER + written, changes={"deploy": deploy})["spec"]
    assert spec["strategy"] == expected
    assert (spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (10, 600)


def test_the_configured_strategy_is_for_clusters_that_default_to_standard() -> None:
    deploy = {
        "defaultDeploymentMode": "Knative",
        "deploymentRolloutStrategy": {"defaultRollout": {"maxSurge": "1"}},
    }
    mode = "{serving.kserve.io/deploymentMode: Standard}"
    found = deployment(annotations=mode, changes={"deploy": deploy})
    assert found["spec"]["strategy"]["rollingUpdate"] == QUARTERS


@pytest.mark.parametrize(("scaled_by", "replicas"), [("none", 3), ("external", 1), ("hpa", 1)])
def test_without_an_autoscaler_min_replicas_are_the_replicas(scaled_by: str, replicas: int) -> None:
    annotations = f"{{serving.kserve.io/autoscalerClass: {scaled_by}}}"
    found = deployment(f"{SERVER}, minReplicas: 3", annotations=annotations)
    assert found["spec"]["replicas"] == replicas


@pytest.mark.parametrize(
    ("container", "fields", "ports"),
    [
        ("", "", [{"name": "iris-predictor", "port": 80, "targetPort": 8080, "protocol": "TCP"}]),
        (
            ", ports: [{containerPort: 9000, name: h2c}, {containerPort: 9001, protocol: UDP}]",
            "",
            [
                {"name": "h2c", "port": 80, "targetPort": 9000, "protocol": "TCP",
                 "appProtocol": "kubernetes.io/h2c"},
                {"port": 9001, "targetPort": 9001, "protocol": "UDP"},
            ],
        ),
        (
            ", ports: [{containerPort: 9000, name: http1}, {containerPort: 9001, name: grpc-x}]",
            ", batcher: {maxBatchSize: 2}",
            [
                {"name": "http1", "port": 80, "targetPort": 9081, "protocol": "TCP"},
                {"name": "grpc-x", "port": 9001, "targetPort": 9001, "protocol": "TCP",
                 "appProtocol": "kubernetes.io/h2c"},
            ],
        ),
        ("", ", logger: {mode: all}",
         [{"name": "iris-predictor", "port": 80, "targetPort": 9081, "protocol": "TCP"}]),
    ],
)  # fmt: skip
def test_the_service_leads_to_the_server_or_its_agent(
    container: str, fields: str, ports: list[dict[str, Any]]
) -> None:
    found = service(container, fields)
    assert (found["apiVersion"], found["kind"]) == ("v1", "Service")
    assert found["metadata"]["name"] == "iris-predictor"
    assert found["metadata"]["labels"]["app"] == "isvc.iris-predictor"
    assert found["spec"] == {"selector": {"app": "isvc.iris-predictor"}, "ports": ports}


def test_services_without_a_cluster_ip_are_a_setting() -> None:
    found = service("", changes={"service": {"serviceClusterIPNone": True}})
    assert found["spec"]["clusterIP"] == "None"


def test_a_transformer_beside_the_server_answers_first() -> None:
    beside = "{name: transformer-container, image: 't:1', ports: [{containerPort: 7000}]}"
    (port,) = service(f"}}, {beside[:-1]}")["spec"]["ports"]
    assert port["targetPort"] == 7000


@pytest.mark.parametrize(
    ("fields", "bounds"),
    [
        ("", (1, 1)),
        (", minReplicas: 0", (0, 0)),
        (", minReplicas: 0, maxReplicas: 4", (0, 4)),
        (", minReplicas: 3, maxReplicas: 2", (3, 3)),
    ],
)
def test_keda_can_scale_to_zero(fields: str, bounds: tuple[int, int]) -> None:
    spec = scaler(fields, KEDA)["spec"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == bounds
    assert spec["scaleTargetRef"] == {"name": "iris-predictor"}


@pytest.mark.parametrize("kind", ["none", "external"])
def test_other_classes_have_no_autoscaler(kind: str) -> None:
    assert scaler("", f"{{serving.kserve.io/autoscalerClass: {kind}}}") is None


def resource(name: str, **target: object) -> dict[str, object]:
    return {"type": "Resource", "resource": {"name": name, "target": target}}


BY_CPU = [resource("cpu", type="Utilization", averageUtilization=80)]
"""What the API server takes where KServe names no metric."""


@pytest.mark.parametrize(
    ("fields", "metrics"),
    [
        ("", [resource("cpu", type="Utilization", averageUtilization=80)]),
        (", scaleTarget: 60", [resource("cpu", type="Utilization", averageUtilization=60)]),
        (", scaleMetric: memory, scaleTarget: 60",
         [resource("memory", type="Utilization", averageUtilization=60)]),
        (", scaleMetric: memory", BY_CPU),
        (", scaleMetric: rps, scaleTarget: 60", BY_CPU),
        (", autoScaling: {metrics: [{type: Resource, resource: {name: cpu, target: {}}}]}",
         [resource("cpu", type="Utilization", averageUtilization=80)]),
        ((", autoScaling: {metrics: [{type: Resource, resource: {name: memory, target: "
         "{type: Utilization, averageUtilization: 50}}}]}"),
         [resource("memory", type="Utilization", averageUtilization=50)]),
        ((", autoScaling: {metrics: [{type: Resource, resource: {name: memory, target: "
         "{type: AverageValue, averageValue: 1Gi}}}]}"),
         [resource("memory", type="AverageValue", averageValue="1Gi")]),
        (", autoScaling: {metrics: [{type: External}, {type: Resource, resource: {name: x}}]}",
         BY_CPU),
    ],
)  # fmt: skip
def test_metrics_of_an_hpa(fields: str, metrics: list[object] | None) -> None:
    found = scaler(fields)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "iris-predictor"}
    assert found["spec"]["scaleTargetRef"] == target
    assert set(found["spec"]["behavior"]) == {"scaleUp", "scaleDown"}
    assert found["spec"].get("metrics") == metrics


@pytest.mark.parametrize(
    ("metric", "trigger"),
    [
        ("{type: Resource, resource: {name: cpu, target: {type: Utilization}}}",
         {"type": "cpu", "metadata": {"value": "80"}, "metricType": "Utilization"}),
        (("{type: Resource, resource: {name: cpu, target: "
         "{type: Utilization, averageUtilization: 50}}}"),
         {"type": "cpu", "metadata": {"value": "50"}, "metricType": "Utilization"}),
        ("{type: Resource, resource: {name: memory, target: {type: Utilization}}}",
         {"type": "memory", "metadata": {"value": "0"}, "metricType": "Utilization"}),
        (("{type: Resource, resource: {name: memory, target: "
         "{type: AverageValue, averageValue: 1Gi}}}"),
         {"type": "memory", "metadata": {"value": "1Gi"}, "metricType": "AverageValue"}),
        ("{type: Resource, resource: {name: cpu, target: {type: Value, value: 2}}}",
         {"type": "cpu", "metadata": {"value": "2"}, "metricType": "Value"}),
        (("{type: External, external: {metric: {backend: prometheus, serverAddress: 'http://p', "
         "query: q, namespace: ns}, target: {value: '5'}}}"),
         {"type": "prometheus", "metadata": {"serverAddress": "http://p", "query": "q",
                                             "threshold": "5", "namespace": "ns"}}),
        (("{type: External, external: {metric: {backend: graphite, serverAddress: 'http://g', "
         "query: q, namespace: ns}, target: {}, authenticationRef: {authModes: basic, "
         "authenticationRef: {name: key}}}}"),
         {"type": "graphite", "metadata": {"serverAddress": "http://g", "query": "q",
                                           "threshold": "0", "authModes": "basic"},
          "authenticationRef": {"name": "key"}}),
        (("{type: PodMetric, podmetric: {metric: {backend: opentelemetry, query: q, "
         "operationOverTime: avg}, target: {value: '3'}}}"),
         {"type": "external", "metadata": {
             "metricQuery": 'sum(q{namespace="team", deployment="iris-predictor"})',
             "targetValue": "3", "scalerAddress": "keda:4318", "operationOverTime": "avg"}}),
        (("{type: PodMetric, podmetric: {metric: {backend: opentelemetry, query: q, "
         "serverAddress: 'own:1'}, target: {}}}"),
         {"type": "external", "metadata": {
             "metricQuery": 'sum(q{namespace="team", deployment="iris-predictor"})',
             "targetValue": "0", "scalerAddress": "own:1"}}),
    ],
)  # fmt: skip
def test_triggers_of_a_scaled_object(metric: str, trigger: dict[str, Any]) -> None:
    collector = {"opentelemetryCollector": {"metricScalerEndpoint": "keda:4318"}}
    found = scaler(f", autoScaling: {{metrics: [{metric}]}}", KEDA, changes=collector)
    assert (found["apiVersion"], found["kind"]) == ("keda.sh/v1alpha1", "ScaledObject")
    assert found["spec"]["triggers"] == [trigger]


@pytest.mark.parametrize(
    ("fields", "configured", "behavior"),
    [
        ("", {}, None),
        ("", {"scaleUpStabilizationWindowSeconds": "20"},
         {"scaleUp": {"stabilizationWindowSeconds": 20}}),
        ("", {"scaleDownStabilizationWindowSeconds": "5m"}, None),
        (", autoScaling: {behavior: {scaleDown: {stabilizationWindowSeconds: 7}}}",
         {"scaleUpStabilizationWindowSeconds": "0", "scaleDownStabilizationWindowSeconds": "9"},
         {"scaleDown": {"stabilizationWindowSeconds": 7},
          "scaleUp": {"stabilizationWindowSeconds": 0}}),
    ],
)  # fmt: skip
def test_stabilization_windows_are_the_components_else_configured(
    fields: str, configured: dict[str, Any], behavior: dict[str, Any] | None
) -> None:
    found = scaler(fields, KEDA, changes={"autoscaler": configured})
    advanced = found["spec"].get("advanced")
    expected = behavior and {"horizontalPodAutoscalerConfig": {"behavior": behavior}}
    assert advanced == expected


@pytest.mark.parametrize("kind", ["hpa", "keda"])
def test_the_scaler_has_the_label_of_the_deployment(kind: str) -> None:
    metrics = "{type: Resource, resource: {name: cpu, target: {type: Utilization}}}"
    fields = f", autoScaling: {{metrics: [{metrics}]}}"
    found = scaler(fields, f"{{serving.kserve.io/autoscalerClass: {kind}}}")
    assert found["metadata"]["labels"]["app"] == "isvc.iris-predictor"


NOTE = "internal.serving.kserve.io"


@pytest.mark.parametrize(
    ("fields", "notes"),
    [
        ((", logger: {mode: all, url: 'http://log', metadataHeaders: [a, b], "
         "metadataAnnotations: [c]}"),
         {"logger": "true", "logger-mode": "all", "logger-sink-url": "http://log",
          "logger-metadata-headers": "a,b", "logger-metadata-annotations": "c"}),
        (", batcher: {maxBatchSize: 8, maxLatency: 50}",
         {"batcher": "true", "batcher-max-batchsize": "8", "batcher-max-latency": "50"}),
        (", batcher: {}", {"batcher": "true"}),
    ],
)  # fmt: skip
def test_what_the_pod_webhook_has_to_add_is_noted_on_every_object(
    fields: str, notes: dict[str, str]
) -> None:
    component = predictor(SERVER + fields)
    for made in (component.deployment, component.service, component.scaler):
        assert made is not None
        annotations = plain(made)["metadata"]["annotations"]
        found = {k.partition("/")[2]: v for k, v in annotations.items() if k.startswith(NOTE)}
        assert found == notes


@pytest.mark.parametrize(
    ("storage", "notes"),
    [
        ("{key: k, path: /a/b, parameters: {type: s3, bucket: '<b>'}}",
         {"storage-spec": "true", "storage-spec-key": "k",
          "storage-spec-param": r'{"bucket":"\u003cb\u003e","type":"s3"}',
          "storage-initializer-sourceuri": "<scheme-placeholder>://a/b"}),
        ("{path: a}",
         {"storage-spec": "true", "storage-initializer-sourceuri": "<scheme-placeholder>://a"}),
        (None, {"agent": "true", "configVolumeName": "modelconfig-iris-0",
                "configMountPath": "/mnt/configs", "modelDir": "/mnt/models"}),
    ],
)  # fmt: skip
def test_notes_on_a_models_storage(storage: str | None, notes: dict[str, str]) -> None:
    more = "" if storage is None else f", storage: {storage}"
    annotations: Any = predictor(
        f"model: {{modelFormat: {{name: sklearn}}{more}}}"
    ).metadata.plain()
    found = {
        k.partition("/")[2]: v for k, v in annotations["annotations"].items() if k.startswith(NOTE)
    }
    assert found == notes


def test_annotations_that_the_settings_disallow_stay_behind() -> None:
    listed = {"inferenceService": {"serviceAnnotationDisallowedList": ["a/b"]}}
    found = predictor(annotations="{a/b: x, c/d: z}", changes=listed).metadata.plain()
    assert isinstance(found, dict)
    annotations = found["annotations"]
    assert isinstance(annotations, dict)
    assert "a/b" not in annotations
    assert annotations["c/d"] == "z"


def test_a_given_name_of_the_service_is_overwritten_in_its_place() -> None:
    env = ", env: [{name: INFERENCE_SERVICE_NAME, value: other}, {name: B, value: b}]"
    (server,) = deployment(SERVER.replace("'server:1'", f"'server:1'{env}"))["spec"]["template"][
        "spec"
    ]["containers"]
    assert server["env"] == [
        {"name": "INFERENCE_SERVICE_NAME", "value": "iris"},
        {"name": "B", "value": "b"},
    ]


def test_the_labels_that_a_runtime_brings_reach_the_transformer_and_the_route() -> None:
    service = world(
        """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris, namespace: team}
spec:
  predictor: {model: {modelFormat: {name: pytorch}, storageUri: 's3://b/m'}}
  transformer: {containers: [{image: 't:1'}]}
""",
        {"ingress": {"enableGatewayApi": True, "kserveIngressGateway": "kserve/gw",
                     "ingressGateway": "a/b"}},
    )  # fmt: skip
    objects = [*(c.deployment for c in service.components), *routes(service)]
    for body in objects:
        assert body is not None
        labels = plain(body)["metadata"]["labels"]
        assert labels["serviceEnvelope"] == "kserve"


def test_an_explainer_by_art_downloads_its_own_model() -> None:
    service = world(
        """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris, namespace: team}
spec:
  predictor: {containers: [{image: 'p:1'}]}
  explainer: {art: {type: SquareAttack, storageUri: 'gs://b/e'}}
"""
    )
    explainer = service.components[-1]
    uri = explainer.metadata.string("annotations", f"{NOTE}/storage-initializer-sourceuri")
    assert uri == "gs://b/e"
