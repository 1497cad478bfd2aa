"""Where lines of a rendered chart come from: without helm, from texts as it prints them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from kslint.rendered.places import settle
from kslint.rendered.templates import Template
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.source.nodes import Node

TEMPLATE = """\
{{- if .Values.enabled }}
{{/* not a line: of it
spec: {} */}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.fullname" . }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicaCount }}
  template:
    spec:
      {{- with .Values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
      - name: web
        image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default "1" }}"
        args:
        - --port={{ .Values.port }}
        resources: {{- toYaml .Values.resources | nindent 10 }}
        env:
        {{- range .Values.env }}
        - name: {{ .name }}
          value: {{ .value | quote }}
        {{- end }}
        - name: LAST
          value: "yes"
        {{- toYaml .Values.more | nindent 8 }}
      volumes:
        {{- toYaml .Values.volumes | nindent 8 }}
{{- end }}
"""
VALUES = """\
replicaCount: 3
image: {repository: example/web, tag: "2"}
port: 80
resources:
  requests:
    cpu: "2"
env:
  - {name: A, value: "1"}
  - {name: B, value: "2"}
nodeSelector: {pool: gpu}
more: [{name: C, value: "3"}]
volumes:
  - name: cache
    emptyDir: {}
"""
RENDERED = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: release-web
  labels:
    app: web
spec:
  replicas: 3
  template:
    spec:
      nodeSelector:
        pool: gpu
      containers:
      - name: web
        image: "example/web:2"
        args:
        - --port=80
        resources:
          requests:
            cpu: "2"
        env:
        - name: A
          value: "1"
        - name: B
          value: "2"
        - name: LAST
          value: "yes"
        - name: C
          value: "3"
      volumes:
        - name: cache
          emptyDir: {}
"""


def read(name: str, text: str) -> Map:
    loaded = Input([], [], [])
    load_source(Source(name, text.encode()), loaded)
    root = loaded.files[0].documents[0].root
    assert isinstance(root, Map)
    return root


def settled(template: str, values: str, rendered: str) -> Node:
    root = read("rendered.yaml", rendered)
    source = Source("templates/web.yaml", template.encode())
    settle(root, Template(source), read("values.yaml", values))
    return root


def line_of(text: str, file: str) -> int:
    lines = (TEMPLATE if file.startswith("templates") else VALUES).splitlines()
    (found,) = [number for number, line in enumerate(lines, 1) if line.strip().startswith(text)]
    return found


POD = ("spec", "template", "spec")
WEB = (*POD, "containers", 0)


@pytest.mark.parametrize(
    ("path", "file", "begins"),
    [
        (("apiVersion",), "templates/web.yaml", "apiVersion:"),
        (("metadata", "name"), "templates/web.yaml", "name: {{ include"),
        (("metadata", "labels", "app"), "templates/web.yaml", '{{- include "web.labels"'),
        (("spec", "replicas"), "values.yaml", "replicaCount:"),
        ((*POD, "nodeSelector", "pool"), "values.yaml", "nodeSelector:"),
        ((*WEB, "name"), "templates/web.yaml", "- name: web"),
        ((*WEB, "image"), "templates/web.yaml", "image:"),
        ((*WEB, "resources"), "values.yaml", "resources:"),
        ((*WEB, "resources", "requests", "cpu"), "values.yaml", "cpu:"),
        ((*WEB, "env", 0, "name"), "templates/web.yaml", "- name: {{ .name }}"),
        ((*WEB, "env", 1, "value"), "templates/web.yaml", "value: {{ .value"),
        ((*WEB, "env", 2, "name"), "templates/web.yaml", "- name: LAST"),
        ((*WEB, "env", 3, "name"), "values.yaml", "more:"),
        ((*POD, "volumes", 0, "name"), "values.yaml", "- name: cache"),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_a_value_stands_where_it_would_be_changed(
    path: tuple[str | int, ...], file: str, begins: str
) -> None:
    node = settled(TEMPLATE, VALUES, RENDERED).at(*path)
    assert node is not None
    assert node.place is not None
    assert (node.place.file, node.place.line) == (file, line_of(begins, file))


def test_every_node_has_a_place() -> None:
    from kslint.source.nodes import walk

    for node in walk(settled(TEMPLATE, VALUES, RENDERED)):
        assert node.place is not None
        assert node.span is not None
        assert node.place.file in ("templates/web.yaml", "values.yaml")


def test_of_two_lines_for_a_key_the_one_is_taken_that_may_say_it() -> None:
    template = (
        "kind: A\nspec:\n  {{- if .Values.x }}\n  a: {{ .Values.x }}1\n"
        "  {{- else }}\n  a: 2\n  {{- end }}\n"
    )
    for text, line in (("31", 4), ("2", 6)):
        node = settled(template, "x: 3", f"kind: A\nspec:\n  a: {text}\n").at("spec", "a")
        assert node is not None
        assert node.place is not None
        assert node.place.line == line


def test_what_no_line_tells_of_stands_with_what_is_around_it() -> None:
    node = settled("{{ .Files.Get `a.yaml` }}\n", "{}", RENDERED).at("spec", "replicas")
    assert node is not None
    assert str(node.place) == "templates/web.yaml:1:1"


def test_endless_lines_do_not_matter() -> None:
    template = "kind: A\nlong: " + "{{ a }}x" * 5000 + "\n"
    assert settled(template, "{}", "kind: A\nlong: xx\n").at("long") is not None


@pytest.mark.parametrize(
    ("template", "values", "output"),
    [
        ("a:\n" + "b: x\n" * 3000, "{}\n", "b: y\n"),
        ("a:\n  {{- toYaml .Values.a | nindent 2 }}\n", "a:\n" + "  - {b: c}\n" * 3000,
         "a:\n" + "  - {b: d}\n" * 3000),
        ("{{ .Values.a }}\n" * 3000, "a: {b: c}\n", "".join(f"k{n}: v\n" for n in range(3000))),
    ],
    ids=["lines", "items", "calls"],
)  # fmt: skip
def test_places_of_many_are_looked_for_only_so_long(
    template: str, values: str, output: str
) -> None:
    start = time.process_time()
    for _ in range(20 if len(output) < 10 else 1):
        settle(read("o.yaml", output), Template(Source("t.yaml", template.encode())),
               read("values.yaml", values))  # fmt: skip
    assert time.process_time() - start < 15
