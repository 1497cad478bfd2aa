"""What a user may rely on, whatever the input: laws of the model, on generated objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import (
    NAMESPACE,
    containers,
    custom_predictors,
    deployments,
    graph_of,
    hostile_worlds,
    inference_services,
    input_of,
    legacy_predictors,
    model_predictors,
    pod_specs,
    worlds,
)

from kslint.config import Config
from kslint.graph.graph import Graph
from kslint.model.gitops import argocd, crd
from kslint.model.kserve import names
from kslint.model.kserve.isvc import InferenceService
from kslint.model.kserve.rendering import created
from kslint.model.kserve.settings import defaults, resolve
from kslint.model.kubernetes.defaults import defaulted_deployment
from kslint.model.model import Model
from kslint.model.tree import MERGE_KEYS, strategic_merge
from kslint.model.workload import of_template
from kslint.report.yaml import render
from kslint.source.files import Source
from kslint.source.nodes import Map, Node, Origin, Scalar, made, walk
from kslint.source.parser import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

Object = dict[str, Any]
Path = tuple[Any, ...]

modest = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ORIGIN = Origin("controller", "a test")


def parsed(text: str) -> list[Map]:
    roots = [document.root for document in compose(Source("again.yaml", b""), text)]
    assert all(isinstance(root, Map) for root in roots)
    return roots  # type: ignore[return-value]


def service_of(objects: list[Object]) -> InferenceService:
    return Model(graph_of(objects), Config()).inference_services[0]


def scalars(node: Node, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    if isinstance(node, Scalar):
        yield path, node
    for name, child in node.items():
        yield from scalars(child, (*path, name))
    for index, child in enumerate(node.elements()):
        yield from scalars(child, (*path, index))


@modest
@given(worlds())
def test_rendering_is_a_fixed_point(world: list[Object]) -> None:
    """`kslint render | kubectl apply` would change nothing more: all defaults are in already."""
    for body in created(service_of(world)):
        (again,) = parsed(render(body))
        assert again.plain() == body.plain()
        if body.string("kind") == "Deployment":
            assert defaulted_deployment(again).plain() == body.plain()


@modest
@given(deployments())
def test_defaulting_a_plain_deployment_twice_changes_nothing(body: Object) -> None:
    """A Deployment copied out of a cluster is judged as the one it was made from."""
    resource = graph_of([body]).of_kind("Deployment")[0]
    (workload,) = of_template(resource, NAMESPACE)
    assert workload is not None
    assert workload.body is not None
    (again,) = parsed(render(workload.body))
    assert again.plain() == workload.body.plain()
    assert defaulted_deployment(again).plain() == again.plain()
    assert defaulted_deployment(again).at("spec", "template", "spec") is not None


@modest
@given(worlds())
def test_comments_carry_no_data(world: list[Object]) -> None:
    """The output is the same object with and without its comments: it may be piped anywhere."""
    for body in created(service_of(world)):
        with_comments, without = render(body), render(body, origins=False)
        assert parsed(with_comments)[0].plain() == parsed(without)[0].plain()
        assert "#" not in without or "#" in json.dumps(body.plain(), ensure_ascii=False)


RENAMED = frozenset({"modelFormat", "runtime"})


def stored_path(path: Path, body: Object) -> Path | None:
    """Where a written scalar stands in the stored object; None if the webhook may change it."""
    if path == ("metadata", "annotations", names.DEPLOYMENT_MODE):
        return None
    if path[0] == "spec" and path[2:] == ("containers", 0, "name"):
        return None
    if path[:2] == ("spec", "predictor") and path[2] in names.FRAMEWORKS:
        return None if path[3] in RENAMED else ("spec", "predictor", "model", *path[3:])
    if path[-2:] == ("art", "name"):
        return None
    return path


@modest
@given(worlds())
def test_the_webhook_never_overwrites(world: list[Object]) -> None:
    """What you write is what is stored: a default fills gaps, and a few names are renamed."""
    service = service_of(world)
    for path, node in scalars(service.resource.body):
        where = stored_path(path, world[0])
        if where is None or node.is_null:
            continue
        found = service.stored.at(*where)
        assert isinstance(found, Scalar)
        assert found.value == node.value, path
        assert found.span == node.span, path


@modest
@given(worlds())
def test_stored_is_a_fixed_point(world: list[Object]) -> None:
    """An InferenceService read back from a cluster is the same one: defaulting it adds nothing."""
    service = service_of(world)
    again = service_of([json.loads(json.dumps(service.stored.plain())), *world[1:]])
    assert again.stored.plain() == service.stored.plain()


@modest
@given(inference_services(custom_predictors()))
def test_a_custom_pod_spec_reaches_the_deployment(body: Object) -> None:
    """Every field of your own containers and pod is in the Deployment, with your value."""
    service = service_of([body])
    predictor = service.predictor
    assert predictor is not None
    deployment = predictor.deployment
    first = predictor.stored.string("containers", 0, "name")
    if deployment is None or first != names.PREDICTOR_CONTAINER:
        return  # KServe refuses, or writes kserve-container over the first
    pod = deployment.at("spec", "template", "spec")
    assert isinstance(pod, Map)
    own = {c.string("name"): c for c in pod.get("containers").elements()}  # type: ignore[union-attr]
    for path, node in scalars(predictor.stored):
        if path[0] in names.PREDICTOR_FIELDS or node.is_null:
            continue
        if path[0] != "containers":
            assert pod.at(*path) is not None
            assert pod.at(*path).plain() == node.plain()  # type: ignore[union-attr]
            continue
        container = own[predictor.stored.string(*path[:2], "name")]
        assert same(container.at(*path[2:]), node), path


def children(node: Node, field: str) -> list[Node]:
    found = node.get(field)
    return [] if found is None else found.elements()


def same(found: Node | None, wanted: Node) -> bool:
    return found is not None and found.plain() == wanted.plain()


@modest
@given(inference_services(st.one_of(model_predictors(), legacy_predictors())))
def test_a_models_container_fields_win_over_the_runtime(body: Object) -> None:
    """With a stock runtime, your args come after its own, and all else of yours replaces it."""
    predictor = service_of([body]).predictor
    assert predictor is not None
    if predictor.deployment is None or predictor.built.unknown:
        return
    model = predictor.stored.get("model")
    server = predictor.deployment.at("spec", "template", "spec", "containers", 0)
    assert model is not None
    assert server is not None
    args = [node.plain() for node in children(model, "args")]
    if args:
        texts = [node.plain() for node in children(server, "args")]
        added = ["--model-control-mode=explicit"]  # Triton's default argument comes last
        assert texts[-len(args) :] == args or texts[-len(args) - 1 :] == args + added
    for item in children(model, "env"):
        value = item.get("value")
        if value is not None:
            name = item.string("name")
            named = [e for e in children(server, "env") if e.string("name") == name]
            assert [same(e.get("value"), value) for e in named] in ([True], [False, True])
    for field in ("resources", "readinessProbe", "workingDir", "imagePullPolicy"):
        written = model.get(field)
        for path, node in scalars(written) if written is not None else ():
            assert same(server.at(field, *path), node), (field, path)


# An independent strategic merge, from the Kubernetes documentation: "Update API Objects in Place
# Using kubectl patch", and the ordering rule of apimachinery's patch.go as tree.py tells it.

TEXT_MAPS = ("nodeSelector", "labels", "annotations", "matchLabels")


def empty(value: Any) -> bool:
    return value is None or value in ("", [])


def naive_merge(base: Any, patch: Any, field: str = "") -> Any:
    if not (isinstance(base, dict) and isinstance(patch, dict)):
        return patch
    merged = dict(base)
    for key, value in patch.items():
        if empty(value) and not (field in TEXT_MAPS and value == ""):
            continue
        if isinstance(value, dict):
            old = merged.get(key)
            merged[key] = naive_merge(old if isinstance(old, dict) else {}, value, key)
        elif isinstance(value, list) and key in MERGE_KEYS and isinstance(base.get(key), list):
            merged[key] = naive_list(base[key], value, MERGE_KEYS[key])
        else:
            merged[key] = value
    return merged


def naive_list(base: list[Object], patch: list[Object], key: str) -> list[Object]:
    """Patch items in their order; a base item goes before the first that follows it in base."""
    order = [item[key] for item in base]
    old = {item[key]: item for item in base}
    result = [naive_merge(old[item[key]], item) if item[key] in old else item for item in patch]
    start = 0
    for item in (item for item in base if item[key] not in {p[key] for p in patch}):
        place = start
        while place < len(result):
            other = result[place][key]
            if other in order and order.index(item[key]) < order.index(other):
                break
            place += 1
        result.insert(place, item)
        start = place + 1
    return result


mergeable = st.one_of(pod_specs, containers("a"))


@modest
@given(st.one_of(st.tuples(pod_specs, pod_specs), st.tuples(*[containers("a")] * 2)))
def test_the_merge_is_kubernetes_own(pair: tuple[Object, Object]) -> None:
    """A runtime and a model come together as `kubectl patch` would bring them together."""
    base, patch = pair
    merged = strategic_merge(made(base, ORIGIN), made(patch, ORIGIN))
    assert merged.plain() == json.loads(json.dumps(naive_merge(base, patch)))


@given(
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.lists(st.sampled_from("abcdef"), unique=True),
)
def test_merged_lists_keep_the_documented_order(base: list[str], patch: list[str]) -> None:
    """The order of environment variables decides which `$(NAME)` a later one may use."""
    one, other = ([{"name": n} for n in side] for side in (base, patch))
    merged = strategic_merge(made({"env": one}, ORIGIN), made({"env": other}, ORIGIN))
    found = [item.string("name") for item in merged.get("env").elements()]  # type: ignore[union-attr]
    assert found == [item["name"] for item in naive_list(one, other, "name")]
    assert [n for n in found if n in patch] == patch or not patch
    assert [n for n in found if n not in patch] == [n for n in base if n not in patch]


@modest
@given(mergeable)
def test_an_empty_patch_changes_nothing(base: Object) -> None:
    """A model that sets nothing runs exactly the runtime's container."""
    assert (
        strategic_merge(made(base, ORIGIN), made({}, ORIGIN)).plain() == made(base, ORIGIN).plain()
    )


@modest
@given(st.tuples(pod_specs, pod_specs))
def test_merging_twice_is_merging_once(pair: tuple[Object, Object]) -> None:
    """Applying the same manifest again does not change the pods."""
    base, patch = (made(side, ORIGIN) for side in pair)
    once = strategic_merge(base, patch)
    assert strategic_merge(once, patch).plain() == once.plain()


def effective(objects: list[Object]) -> dict[str, Any]:
    """All objects of all services by name, as data."""
    model = Model(graph_of(objects), Config())
    found = {}
    for service in model.inference_services:
        for body in created(service):
            found[f"{body.string('kind')}/{body.string('metadata', 'name')}"] = body.plain()
    return found


@modest
@given(worlds(), inference_services(model_predictors()), st.randoms(use_true_random=False))
def test_document_order_never_matters(world: list[Object], other: Object, random: Any) -> None:
    """Files may be renamed, documents moved: the cluster gets the same objects."""
    assume(other["metadata"]["name"] != world[0]["metadata"]["name"])
    objects = [*world, other]
    shuffled = list(objects)
    random.shuffle(shuffled)
    assert effective(shuffled) == effective(objects)


def value_at(source: Source, node: Node) -> Any:
    """The value of the text between a node's marks."""
    assert node.span is not None
    lines = source.text().split("\n")[node.span.line - 1 : node.span.end_line]
    lines[-1] = lines[-1][: node.span.end_column - 1]
    lines[0] = lines[0][node.span.column - 1 :]
    roots = [document.root.plain() for document in compose(Source("", b""), "\n".join(lines))]
    return roots[0] if roots else None


@modest
@given(worlds(), st.integers(0, 9))
def test_every_value_says_where_it_comes_from(world: list[Object], flow_below: int) -> None:
    """`--why` has an answer for each value: the very text you wrote, or who put it there."""
    source, loaded = input_of(world, flow_below)
    for service in Model(Graph(loaded), Config()).inference_services:
        for body in created(service):
            for node in walk(body):
                if not isinstance(node, Scalar) and (node.elements() or any(node.items())):
                    continue
                if node.origin is not None:
                    assert node.origin.text.strip()
                    assert node.origin.root.text.strip()
                    continue
                assert node.source is source
                assert value_at(source, node) == node.plain()


@modest
@given(hostile_worlds, st.integers(0, 9))
def test_hostile_input_raises_nothing(world: list[Object], flow_below: int) -> None:
    """A typo in one manifest never hides what is wrong with the others."""
    loaded = input_of(world, flow_below)[1]
    graph = Graph(loaded)
    model = Model(graph, Config())
    for its in (*resolve(graph), defaults("0.16")):
        for resource in graph.of_kind("InferenceService"):
            exercise(InferenceService(resource, graph, its))
    for workload in model.workloads:
        assert workload.rollout is None or workload.rollout.peak >= 0
    assert isinstance(model.servers, list)
    for application in model.applications:
        list(crd.deployed(application, graph))
        for each in argocd.sources(application):
            assert isinstance(argocd.helm_values(graph, each), Map)


def exercise(service: InferenceService) -> None:
    for body in created(service):
        (again,) = parsed(render(body))
        assert again.plain() == body.plain()
    for component in service.components:
        for made_body in (component.deployment, component.service, component.scaler):
            assert made_body is None or made_body.string("kind")
        assert isinstance(component.stored, Node)
        assert component.built.pod_spec is None or component.pod_spec is not None
