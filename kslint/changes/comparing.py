"""Two models against each other: which objects come, go and change, why, and with what effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.changes import (
    ADDED,
    ADMITTED,
    CHANGED,
    LATER,
    NOTED,
    REFUSED,
    REMOVED,
    STOPPED,
    UNKNOWN,
    Change,
    Difference,
    Effect,
)
from kslint.changes import effects as of
from kslint.changes.fields import fields_of
from kslint.changes.hashes import hashed
from kslint.changes.side import failures
from kslint.changes.values import places, value_of
from kslint.model.kserve import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kslint.changes import Subject
    from kslint.changes.fields import Field
    from kslint.changes.objects import Effective
    from kslint.changes.side import Served, Side
    from kslint.source.nodes import Span

_MODES = "kserve pkg/apis/serving/v1beta1/inference_service_validation.go @v0.19.0"
_SIZES = "kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go @v0.19.0"
_SERVICES = ("InferenceService", "LLMInferenceService")
_PIECES = ("Pod",)
"""What is compared and is no object that KServe creates."""
_LONG = 5
"""Letters of a text that are too many to stand in another by chance."""


def compare(old: Side, new: Side) -> list[Difference]:
    """Every difference, objects of one service together, in the order of their names."""
    found: list[Difference] = []
    for before, after in _paired(
        [(one, old.relative(one.place)) for one in old.written],
        [(one, new.relative(one.place)) for one in new.written],
    ):
        one = after or before
        assert one is not None
        if one.subject.kind in _SERVICES and one.subject.group == names.GROUP:
            found += _of_service(before, after, old, new)
        else:
            found += _of_object(before, after, old, new)
    found += hashed(found, new)
    return ordered(one for one in found if one.changes or one.effects or one.what != CHANGED)


def ordered(found: Iterable[Difference]) -> list[Difference]:
    """Services first, what is made of each behind it; then the rest by name."""
    return sorted(found, key=_order)


def _order(one: Difference) -> tuple[object, ...]:
    head = one.owner or one.subject
    return (head.kind not in _SERVICES, head.namespace or "", head.kind, head.name, one.place,
            one.owner is not None)  # fmt: skip


def _paired(
    old: Iterable[tuple[Effective, str]], new: Iterable[tuple[Effective, str]]
) -> Iterator[tuple[Effective | None, Effective | None]]:
    """The objects of two sides that are the same: by name and, of twins, by place."""
    groups: dict[Subject, tuple[list[Effective | None], dict[str, int]]] = {}
    for one, place in old:
        before, at = groups.setdefault(one.subject, ([], {}))
        at.setdefault(place, len(before))
        before.append(one)
    strangers: list[Effective] = []
    for one, place in new:
        before, at = groups.setdefault(one.subject, ([], {}))
        number = at.pop(place, None)
        if number is None:
            strangers.append(one)
        else:
            yield before[number], one
            before[number] = None
    left = {
        subject: [one for one in group[0] if one is not None] for subject, group in groups.items()
    }
    for one in strangers:
        twins = left[one.subject]
        yield (twins.pop(0) if twins else None), one
    for twins in left.values():
        for one in twins:
            yield one, None


def _of_object(
    old: Effective | None, new: Effective | None, before: Side, after: Side
) -> Iterator[Difference]:
    """The difference of an object that the input holds, if there is one."""
    if new is None:
        assert old is not None
        if _file(old, before) in after.unread:
            return
        yield Difference(REMOVED, old.subject, old.owner, old.place, (), tuple(of.of_end(old)))
    elif old is None:
        if _file(new, after) not in before.unread:
            refused = tuple(_refusals(new, before, after, True))
            yield Difference(ADDED, new.subject, new.owner, new.place, (), refused)
    else:
        fields = fields_of(old.body, new.body)
        known = list(_refusals(new, before, after, bool(fields)))
        if not any(effect.kind == REFUSED for effect in known):
            known += of.of_change(old, new, fields, None)
        if fields or known:
            yield _changed(new, fields, known)


def _file(one: Effective, side: Side) -> str:
    return "" if one.resource is None else side.relative(one.resource.file)


def _changed(new: Effective, fields: Iterable[Field], known: Iterable[Effect]) -> Difference:
    kind = new.subject.kind
    changes = tuple(
        Change(field.path, value_of(field.old, kind, field.path),
               value_of(field.new, kind, field.path))
        for field in fields
    )  # fmt: skip
    return Difference(CHANGED, new.subject, new.owner, new.place, changes, tuple(known))


def _refusals(new: Effective, before: Side, after: Side, touched: bool) -> Iterator[Effect]:
    """What is refused that was not, or still is where it changes, and what is so no longer."""
    old, now = (side.refusals.get(new.subject, {}) for side in (before, after))
    for text, place in now.items():
        if not _was_refused(text, place, old):
            yield Effect(REFUSED, text, "", place)
        elif touched:
            yield Effect(REFUSED, f"as before, by the {text}", "", place)
    if old and not now:
        text = "no longer refused: " + next(iter(old))
        yield Effect(ADMITTED, text)


def _was_refused(text: str, place: Span | None, old: Mapping[str, Span | None]) -> bool:
    """Was it refused before, perhaps in other words, by the same stage for the same value?"""
    stage = text.partition(":")[0]
    return text in old or any(
        place is not None and place == was and other.startswith(f"{stage}:")
        for other, was in old.items()
    )


def _of_service(
    old: Effective | None, new: Effective | None, before: Side, after: Side
) -> Iterator[Difference]:
    """A service of KServe: what it is made into, then what of it shows in none of that."""
    was, will = _served(old, before), _served(new, after)
    if old is None or new is None or was is None or will is None:
        for one in _of_object(old, new, before, after):
            yield one._replace(effects=(*one.effects, *_unknown(will)))
            made = will if old is None else was
            for each in () if made is None else made.objects:
                if each.subject.kind not in _PIECES:
                    yield _whole(one.what, each)
        return
    fields = fields_of(old.body, new.body)
    known = [*_refusals(new, before, after, bool(fields)), *_of_update(was, will)]
    refused = any(effect.kind == REFUSED for effect in known)
    if not fields and not known and after.refusals.get(new.subject):
        return  # nothing is made of it, as before
    if _hides(was) and not _hides(will) and will.objects:
        known.append(Effect(NOTED, f"before, {was.unknown[0]}; what becomes of it now is known"))
    known += [
        Effect(UNKNOWN, reason) for reason in will.unknown if fields or reason not in was.unknown
    ]
    objects: list[Difference] = []
    if not (_hides(was) or _hides(will)) and (will.objects or not refused):
        written = before.model.graph is not after.model.graph
        objects = list(_of_made(was, will, refused, written))
    fields = [field for field in fields if not _shows(field, objects)]
    if fields or known:
        yield _changed(new, fields, known)
    yield from objects


def _served(one: Effective | None, side: Side) -> Served | None:
    return None if one is None else side.served.get((one.subject, one.place))


def _unknown(served: Served | None) -> tuple[Effect, ...]:
    return () if served is None else tuple(Effect(UNKNOWN, text) for text in served.unknown)


def _hides(served: Served) -> bool:
    """Is nothing known of a service that has objects?"""
    return bool(served.unknown) and not served.objects


def _of_update(was: Served, will: Served) -> Iterator[Effect]:
    if was.mode and will.mode and was.mode != will.mode:
        text = (
            f"update rejected: deploymentMode cannot be changed from '{was.mode}' to '{will.mode}'"
        )
        yield Effect(REFUSED, f"webhook: {text}", _MODES)
    for old, new in zip(was.sizes, will.sizes, strict=False):
        if old != new:
            text = f"total parallelism size is immutable, previous size {old}, curr size {new}"
            yield Effect(REFUSED, f"webhook: {text}", _SIZES)
    if will.stopped and not was.stopped:
        yield Effect(STOPPED, "it is stopped: KServe deletes its objects")


def _of_made(was: Served, will: Served, refused: bool, written: bool) -> Iterator[Difference]:
    """The objects that KServe makes, and their pods.

    What there was not is told of where the user has `written` something else, or it is there now.
    """
    least = _least(will)
    templates: dict[str, list[Field]] = {}
    failing: set[str] = set()
    for old, new in _paired(
        [(one, "") for one in was.objects], [(one, "") for one in will.objects]
    ):
        if new is None or old is None:
            one = new or old
            assert one is not None
            if one.subject.kind not in _PIECES:
                yield _whole(ADDED if old is None else REMOVED, one)
            continue
        if not written and old.subject not in was.reached:
            if new.subject in will.reached and new.subject.kind not in _PIECES:
                yield _whole(ADDED, new)
            continue
        fields = fields_of(old.body, new.body)
        if new.subject.kind == "Pod":
            if new.subject.name not in failing:
                yield from _of_pod(old, new, fields, templates.get(new.subject.name, []), refused)
            continue
        if new.subject.kind == "Deployment":
            templates[new.subject.name] = fields
        known = list(_denials(old, new)) if fields else []
        is_denied = any(effect.kind == REFUSED for effect in known)
        if is_denied:
            failing.add(new.subject.name)
        if not fields:
            continue
        if not refused and not is_denied:
            known += of.of_change(old, new, fields, least)
        yield _changed(new, fields, known)


def _of_pod(
    old: Effective, new: Effective, fields: list[Field], template: list[Field], refused: bool
) -> Iterator[Difference]:
    """What the webhook makes of pods, where their template does not show it."""
    shown = {field.path.removeprefix("spec.template.") for field in template}
    left = [field for field in fields if field.path not in shown]
    if not left:
        return
    known = [] if refused else list(of.of_change(old, new, left, None))
    if not refused and not any(field.path.startswith("spec.template") for field in template):
        text = "the pod template stays: running pods keep what they have until they are replaced"
        known.append(Effect(LATER, text))
    yield _changed(new, left, known)


def _whole(what: str, one: Effective) -> Difference:
    """An object of KServe's that comes or goes."""
    known = tuple(_denials(None, one)) if what == ADDED else ()
    return Difference(what, one.subject, one.owner, one.place, (), known)


def _denials(old: Effective | None, new: Effective) -> Iterator[Effect]:
    """What the API server says to an object that KServe makes."""
    was, now = ([] if one is None else failures(one) for one in (old, new))
    for failure in now:
        before = "as before, " if failure.message in [one.message for one in was] else ""
        text = f"{before}the API server refuses it: {failure.message}"
        yield Effect(REFUSED, text, "", failure.node.place)
    if was and not now:
        yield Effect(ADMITTED, f"no longer refused by the API server: {was[0].message}")


def _least(served: Served) -> int | None:
    """The fewest replicas that the autoscaler leaves."""
    for one in served.objects:
        for field in ("minReplicas", "minReplicaCount"):
            count = one.body.integer("spec", field)
            if count is not None:
                return count
    return None


def _shows(field: Field, objects: Iterable[Difference]) -> bool:
    """Does a change of what the user wrote show in the objects that are made of it?"""
    made = [change for one in objects for change in one.changes]
    for node, side in ((field.old, "old"), (field.new, "new")):
        if node is None:
            continue
        values = [value for change in made if (value := getattr(change, side)) is not None]
        spans = {value.span for value in values}
        texts = [str(value.value) for value in values]
        for place, text in places(node):
            in_text = len(text) >= _LONG and any(text in other for other in texts)
            if place not in spans and not in_text:
                return False
    return True
