"""Pictures for the formats of `kslint graph`: one of every sort of node, and a big one."""

from __future__ import annotations

from report_run import FINDINGS, RESULT

from kslint.picture import (
    CREATED,
    CREATES,
    DEPLOYS,
    MISSING,
    UNKNOWN,
    GraphPicture,
    PictureEdge,
    PictureNode,
)
from kslint.source.nodes import Span

__all__ = ["FINDINGS", "PICTURE", "RESULT", "big"]

ISVC = "serving.kserve.io/v1beta1"
PICTURE = GraphPicture(
    (
        PictureNode("app", "Application", "argocd", "models"),
        PictureNode("project", "AppProject", "argocd", "platform"),
        PictureNode("chart", "Application", "argocd", "kserve", note="chart kserve 0.19"),
        PictureNode("qwen", "InferenceService", "models", "qwen-cpu", "error", (2, 3, 4),
                    place=Span("serving/isvc.yaml", 4, 9, 4, 17), api_version=ISVC),
        PictureNode("iris", "InferenceService", "models", "iris", "warning", (2,)),
        PictureNode("old", "InferenceService", "models", "old", "", (4,), note="stopped"),
        PictureNode("claim", "PersistentVolumeClaim", "models", "model-cache"),
        PictureNode("gone", "PersistentVolumeClaim", "models", "gone", state=MISSING,
                    note="there is one in serving"),
        PictureNode("token", "ExternalSecret", "models", "token"),
        PictureNode("store", "ClusterSecretStore", "", "vault", state=UNKNOWN),
        PictureNode("made", "Deployment", "models", "qwen-cpu-predictor", state=CREATED),
        PictureNode("made2", "Service", "models", "qwen-cpu-predictor", state=CREATED),
        PictureNode("odd", "Odd\"'<b>[x]", "a|b", "</script>#{}`\n\\;é日本 --> %%"),
        PictureNode("quota", "ResourceQuota", "models", "gpus"),
        PictureNode("quota2", "ResourceQuota", "models", "cpus"),
        PictureNode("a", "Ring", "circle", "a"),
        PictureNode("b", "Ring", "circle", "b"),
        PictureNode("twin", "ConfigMap", "circle", "same",
                    place=Span("one.yaml", 3, 1, 3, 5)),
        PictureNode("twin#2", "ConfigMap", "circle", "same",
                    place=Span("two.yaml", 3, 1, 3, 5)),
    ),
    (
        *(PictureEdge("app", target, DEPLOYS)
          for target in ("chart", "qwen", "iris", "old", "claim", "token", "quota", "quota2")),
        PictureEdge("app", "project", "project"),
        PictureEdge("qwen", "claim", "volume"),
        PictureEdge("qwen", "gone", "volume"),
        PictureEdge("qwen", "token", "env", "Secret hf-token"),
        PictureEdge("qwen", "made", CREATES),
        PictureEdge("qwen", "made2", CREATES),
        PictureEdge("iris", "claim", "storageUri"),
        PictureEdge("iris", "token", "env", "Secret hf-token"),
        PictureEdge("token", "store", "store"),
        PictureEdge("odd", "odd", "itself"),
        PictureEdge("odd", "claim", 'a"|b'),
        PictureEdge("a", "b", "next"),
        PictureEdge("b", "a", "next"),
    ),
    (0, 1, 5, 6, 7),
)  # fmt: skip


def big(namespaces: int = 12, each: int = 30) -> GraphPicture:
    """A platform: an Application for each namespace, services that share claims and Secrets."""
    nodes = [PictureNode("root", "Application", "argocd", "root")]
    edges = []
    for space in range(namespaces):
        app = f"app-{space}"
        nodes.append(PictureNode(app, "Application", "argocd", f"team-{space}"))
        edges.append(PictureEdge("root", app, DEPLOYS))
        for number in range(each):
            kind, name = (
                ("InferenceService", "llm"), ("Deployment", "web"), ("Service", "web"),
                ("PersistentVolumeClaim", "cache"), ("NetworkPolicy", "rule"),
            )[number % 5]  # fmt: skip
            key = f"{space}-{number}"
            broken = number % 5 == 0 and space % 4 == 0
            nodes.append(
                PictureNode(key, kind, f"ns{space}", f"{name}-{number // 5}",
                            "error" if broken else "", (3,) if broken else ())
            )  # fmt: skip
            edges.append(PictureEdge(app, key, DEPLOYS))
            if number % 5 == 0:
                edges.append(PictureEdge(key, f"{space}-3", "volume"))
    return GraphPicture(tuple(nodes), tuple(edges))
