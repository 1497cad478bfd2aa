"""Hypothesis strategies: whole GitOps repositories, as files of YAML or JSON.

`platforms` are valid or nearly so: names that lead nowhere, settings that exclude each other.
`hostile_platforms` have junk anywhere, kustomizations and Applications included.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from strategies import (
    NAMESPACE,
    config_map,
    deployments,
    inference_services,
    junk,
    serving_runtimes,
    settings_data,
    spoiled,
    text_of,
)

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy
    from strategies import Object
    from transformations import Files

URL = "https://git.example.com/ml/platform.git"
MODELS = "serving/models"
VALUES = "platform/kserve/values.yaml"


def _some(required: dict[str, Any], optional: dict[str, Any]) -> SearchStrategy[Object]:
    return st.fixed_dictionaries(required, optional=optional)


def _pick(*values: Any) -> SearchStrategy[Any]:
    return st.sampled_from(values)


def _body(kind: str, name: str, spec: Object, version: str = "v1", **metadata: Any) -> Object:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


# ---- what is served

_flags = st.lists(
    _pick(
        "--model=/models/qwen", "--model=Qwen/Qwen3-0.6B", "--model", "/mnt/models", "--port=8080",
        "--dtype=float32", "--dtype", "bfloat16", "--enforce-eager", "--tensor-parallel-size=2",
        "--max-model-len=4k", "$(MODEL)", "--no-such-flag",
    ),
    max_size=5,
)  # fmt: skip
_variables = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "name": _pick("VLLM_CPU_OMP_THREADS_BIND", "VLLM_CPU_KVCACHE_SPACE", "HF_TOKEN"),
                "value": _pick("all", "auto", "0-3", "0-1|2-3", "4", "", "x"),
            }
        ),
        st.just({"name": "MODEL", "value": "--model=/models/qwen"}),
        st.just(
            {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "token"}}}
        ),
    ),
    max_size=3,
    unique_by=lambda item: str(item["name"]),
)
_amounts = _some({}, {"cpu": _pick("1", "2", "500m", 4), "memory": _pick("1Gi", "8Gi", "2G")})
_probe = _some(
    {"httpGet": _some({"port": _pick(8080, 8000, "http")}, {"path": _pick("/health", "/ready")})},
    {"failureThreshold": _pick(1, 3, 60), "initialDelaySeconds": _pick(0, 30, 300)},
)
_vllm_server = _some(
    {
        "name": _pick("kserve-container", "server"),
        "image": _pick(
            "vllm/vllm-openai-cpu:v0.23.0", "vllm/vllm-openai:v0.19.1", "ghcr.io/a/vllm-cpu",
            "kserve/huggingfaceserver:v0.19.0",
        ),
    },
    {
        "args": _flags,
        "command": _pick(["vllm", "serve"], ["bash", "-c", 'exec vllm serve "$@"', "--"]),
        "env": _variables,
        "ports": st.just([{"containerPort": 8080}]),
        "resources": _some({}, {"requests": _amounts, "limits": _amounts}),
        "startupProbe": _probe,
        "livenessProbe": _probe,
        "volumeMounts": st.just([{"name": "models", "mountPath": "/models"}]),
    },
)  # fmt: skip
_claims = _pick("model-cache", "models", "nowhere")
_volumes = _claims.map(
    lambda claim: [{"name": "models", "persistentVolumeClaim": {"claimName": claim}}]
)
_vllm_predictors = _some(
    {"containers": st.tuples(_vllm_server).map(list)},
    {
        "volumes": _volumes,
        "minReplicas": _pick(0, 1, 2),
        "canaryTrafficPercent": _pick(0, 10, 100),
        "deploymentStrategy": _pick({"type": "Recreate"}, {"type": "RollingUpdate"}),
    },
)
_llm_specs = _some(
    {
        "model": _some(
            {"uri": _pick("hf://Qwen/Qwen3-0.6B", "pvc://models/qwen", "oci://a/b:1")}, {}
        )
    },
    {
        "replicas": _pick(0, 1, 3),
        "template": _some({"containers": st.tuples(_vllm_server).map(list)}, {"volumes": _volumes}),
        "router": _pick({}, {"gateway": {}, "route": {}, "scheduler": {}}),
        "baseRefs": _pick([{"name": "base"}], [{"name": "kserve-config-llm-template"}]),
    },
)
_llms = _llm_specs.map(
    lambda spec: _body("LLMInferenceService", "llm", spec, "serving.kserve.io/v1alpha2")
)
_vllm_services = _vllm_predictors.map(
    lambda predictor: _body(
        "InferenceService", "qwen", {"predictor": predictor}, "serving.kserve.io/v1beta1"
    )
)
_pvcs = st.builds(
    lambda name, mode: _body(
        "PersistentVolumeClaim",
        name,
        {"accessModes": [mode], "resources": {"requests": {"storage": "9Gi"}}},
    ),
    _claims,
    _pick("ReadWriteMany", "ReadWriteOnce"),
)
_secrets = _pick("hf", "creds").map(
    lambda name: {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "stringData": {"token": "x"},
    }
)
_quotas = _amounts.map(lambda hard: _body("ResourceQuota", "quota", {"hard": hard}))
_accounts = st.just({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
_served: list[SearchStrategy[Object]] = [
    _vllm_services, inference_services(), _llms, serving_runtimes(), _pvcs, _secrets, deployments(),
    _quotas, _accounts,
]  # fmt: skip

# ---- what deploys it

_KSERVE = _some(
    {"inferenceservice": st.just({"resources": {"limits": {"cpu": "2"}}})},
    {
        "controller": _some(
            {"deploymentMode": _pick("Standard", "Knative", "RawDeployment")},
            {
                "gateway": _some(
                    {"domain": _pick("example.com", "ml.example.org")},
                    {
                        "disableIstioVirtualHost": st.booleans(),
                        "ingressGateway": st.just({"enableGatewayApi": True}),
                    },
                )
            },
        )
    },
)
_sync = _some(
    {},
    {
        "automated": _pick({}, {"selfHeal": True}, {"prune": True, "selfHeal": False}),
        "syncOptions": _pick(["ServerSideApply=true"], ["CreateNamespace=true"], []),
    },
)


def _application(name: str, source: Object, namespace: str, policy: Object, wave: str) -> Object:
    destination = {"server": "https://kubernetes.default.svc", "namespace": namespace}
    spec = {"project": "default", "source": source, "destination": destination}
    annotations = {"argocd.argoproj.io/sync-wave": wave}
    metadata = {"namespace": "argocd", "annotations": annotations}
    spec["syncPolicy"] = policy
    return _body("Application", name, spec, "argoproj.io/v1alpha1", **metadata)


@st.composite
def _applications(draw: st.DrawFn) -> list[Object]:
    charts = {
        "kserve-crd": ("ghcr.io/kserve/charts", "v0.19.0", "kserve"),
        "kserve": ("ghcr.io/kserve/charts", draw(_pick("v0.16.0", "v0.19.0", "main")), "kserve"),
        "cert-manager": ("https://charts.jetstack.io", "v1.20.2", "cert-manager"),
    }
    found = []
    for name in draw(st.lists(_pick(*charts), unique=True)):
        url, revision, namespace = charts[name]
        chart = "kserve-resources" if name == "kserve" else name
        source = {"repoURL": url, "chart": chart, "targetRevision": revision}
        if name == "kserve":
            source["helm"] = draw(
                _pick({"valueFiles": [f"$values/{VALUES}"]}, {"values": "kserve: {}\n"}, {})
            )
        policy, wave = draw(_sync), draw(_pick("0", "1", "2", "-1"))
        found.append(_application(name, source, namespace, policy, wave))
    if draw(st.booleans()):
        source = {"repoURL": URL, "targetRevision": "main", "path": MODELS}
        found.append(_application("models", source, NAMESPACE, draw(_sync), "3"))
    return found


_kustomizations = _some(
    {"apiVersion": st.just("kustomize.config.k8s.io/v1beta1"), "kind": st.just("Kustomization")},
    {
        "namespace": _pick(NAMESPACE, "other"),
        "namePrefix": st.just("x-"),
        "labels": st.just([{"pairs": {"a": "b"}}]),
        "images": st.just([{"name": "vllm/vllm-openai", "newTag": "v0.23.0"}]),
        "secretGenerator": st.just([{"name": "creds", "literals": ["a=b"]}]),
        "patches": st.just(
            [
                {
                    "target": {"kind": "InferenceService"},
                    "patch": json.dumps(
                        [{"op": "add", "path": "/metadata/labels", "value": {"team": "a"}}]
                    ),
                }
            ]
        ),
    },
)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, list[Any]]:
    """The documents of each file of a repository."""
    found: dict[str, list[Any]] = {}
    applications = draw(_applications())
    if applications:
        found["apps/all.yaml"] = applications
    if draw(st.booleans()):
        found[VALUES] = [{"kserve": draw(_KSERVE)}]
    if draw(st.integers(0, 3)) == 0:
        found["platform/kserve/config.yaml"] = [config_map(draw(settings_data))]
    names: list[str] = []
    for kind in draw(
        st.lists(st.integers(0, len(_served) - 1), unique=True, min_size=1, max_size=5)
    ):
        name = f"file-{kind}.yaml"
        names.append(name)
        found[f"{MODELS}/{name}"] = [draw(_served[kind])]
    if draw(st.booleans()):
        kustomization = draw(_kustomizations)
        found[f"{MODELS}/kustomization.yaml"] = [{**kustomization, "resources": names}]
    return found


def files_of(tree: dict[str, list[Any]], flow_below: int = 99) -> Files:
    """The text of each file: block style down to a depth, JSON below it."""
    return {
        name: "---\n".join(text_of(body, flow_below) for body in documents).encode(
            "utf-8", "replace"
        )
        for name, documents in tree.items()
    }


platforms: SearchStrategy[Files] = st.builds(files_of, trees(), _pick(0, 3, 99))


@st.composite
def hostile_platforms(draw: st.DrawFn) -> Files:
    """A repository with junk in one to three of its documents, or in place of them."""
    tree = draw(trees())
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(tree)))
        documents = tree[name]
        at = draw(st.integers(0, len(documents) - 1))
        if isinstance(documents[at], dict) and draw(st.integers(0, 9)):
            documents[at] = draw(spoiled(st.just(documents[at])))
        else:
            documents[at] = draw(junk)
    return files_of(tree, draw(_pick(0, 3, 99)))
