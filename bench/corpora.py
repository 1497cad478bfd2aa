"""Write a generated tree: each file an InferenceService, what it needs, and what deploys it.

Usage: corpora.py DIRECTORY FILES

A folder holds a hundred files and stands for one namespace. Every twelfth file has a fault that
only shows across objects or against the controller: a claim nobody declares, a port the server
does not listen on, a request over its limit. The same arguments give the same bytes.
"""

from __future__ import annotations

import os
import sys

FILE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {name}
  namespace: {namespace}
  labels: {{app.kubernetes.io/part-of: {namespace}}}
  annotations:
    serving.kserve.io/deploymentMode: Standard
spec:
  predictor:
    minReplicas: 1
    maxReplicas: {replicas}
    deploymentStrategy: {{type: Recreate}}
    nodeSelector: {{pool: cpu}}
    volumes:
      - name: models
        persistentVolumeClaim:
          claimName: {claim}
    containers:
      - name: kserve-container
        image: public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.{release}.0
        args:
          - --model=/models/{name}
          - --served-model-name={name}
          - --port={port}
          - --dtype=float32
          - --enforce-eager
          - --max-model-len=4096
        env:
          - name: VLLM_CPU_KVCACHE_SPACE
            value: "4"
          - name: HF_HUB_OFFLINE
            value: "1"
        ports:
          - containerPort: 8080
            protocol: TCP
        volumeMounts:
          - name: models
            mountPath: /models
        startupProbe:
          httpGet: {{path: /health, port: 8080}}
          periodSeconds: 10
          failureThreshold: 120
        readinessProbe:
          httpGet: {{path: /health, port: 8080}}
          periodSeconds: 10
        resources:
          requests: {{cpu: "{cpu}", memory: 16Gi}}
          limits: {{cpu: "8", memory: 16Gi}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {name}
  namespace: {namespace}
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: {size}Gi
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}-client
  namespace: {namespace}
  labels: {{app: {name}-client}}
spec:
  replicas: 2
  selector:
    matchLabels: {{app: {name}-client}}
  template:
    metadata:
      labels: {{app: {name}-client}}
    spec:
      containers:
        - name: client
          image: ghcr.io/example/client:1.{release}.0
          env:
            - name: ENDPOINT
              value: http://{name}-predictor.{namespace}.svc.cluster.local
          ports:
            - name: http
              containerPort: 9000
          livenessProbe:
            httpGet: {{path: /livez, port: http}}
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
---
apiVersion: v1
kind: Service
metadata:
  name: {name}-client
  namespace: {namespace}
spec:
  selector: {{app: {name}-client}}
  ports:
    - name: http
      port: 80
      targetPort: http
"""

APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {namespace}
  namespace: argocd
spec:
  project: default
  source:
    repoURL: https://git.example.com/models.git
    targetRevision: main
    path: {namespace}
  destination:
    name: in-cluster
    namespace: {namespace}
  syncPolicy:
    syncOptions: [CreateNamespace=true]
"""


def write(directory: str, files: int) -> None:
    """Write `files` files of four objects and, for each folder, one Application."""
    os.makedirs(os.path.join(directory, "apps"), exist_ok=True)
    for number in range(files):
        namespace, name = f"team-{number // 100:03}", f"model-{number:05}"
        fault = number // 12 % 3 if number % 12 == 0 else None
        text = FILE.format(
            name=name,
            namespace=namespace,
            replicas=1 + number % 4,
            claim=f"{name}-old" if fault == 0 else name,
            port=8000 if fault == 1 else 8080,
            cpu=12 if fault == 2 else 4,
            release=20 + number % 4,
            size=(20, 50, 200)[number % 3],
        )
        folder = os.path.join(directory, namespace)
        os.makedirs(folder, exist_ok=True)
        _put(os.path.join(folder, f"{name}.yaml"), text)
        if number % 100 == 0:
            application = APPLICATION.format(namespace=namespace)
            _put(os.path.join(directory, "apps", f"{namespace}.yaml"), application)


def _put(file: str, text: str) -> None:
    with open(file, "w", encoding="utf-8", newline="\n") as handle:
        handle.write(text)


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]))
