"""vLLM's command line: options and values that its parser refuses."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.engines.vllm import facts, values
from kslint.model.engines.vllm.arguments import HUGGINGFACE_OPTIONS
from kslint.model.engines.vllm.release import TOLD, UNTOLD, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.engines.vllm.arguments import Flag
    from kslint.model.engines.vllm.engine import Engine
    from kslint.model.engines.vllm.facts import Refusal
    from kslint.model.engines.vllm.release import Release
    from kslint.model.workload import Server

_ALWAYS = frozenset(("help", "-h", "-O"))
"""Spellings that every release has, and the tables have not."""
_DASHES = ("\N{EN DASH}", "\N{EM DASH}", "\N{HYPHEN}", "\N{MINUS SIGN}")
_GLUED = re.compile(r"(-[a-z]+)(\d+)")
_VARIABLE = re.compile(r"\$\{?[A-Za-z_]")
_PAIRS = re.compile(r"\w+=\d+(,\w+=\d+)*")
_TRUTHS = frozenset(("true", "false", "yes", "no", "on", "off", "1", "0"))
_FREE = frozenset(("chat-template",))
"""Options whose value may be a text with blanks in it."""


def flag_refused(server: Server) -> Iterator[Problem]:
    """An option that the parser of the image's release does not have."""
    engine, release = server.engine, server.engine.release
    for flag in _whole(engine):
        refusal = _refusal(flag, release)
        if refusal is None:
            continue
        nearest = _nearest(flag, release) if refusal.kind == "never" else ""
        if release.certainty == UNTOLD and not nearest:
            continue  # a build that nobody knows may have options of its own
        yield Problem(
            flag.node,
            variant=refusal.kind if engine.kind == "vllm" else "ignored",
            severity=None if release.certainty == TOLD and engine.kind == "vllm" else "warning",
            flag=flag.written,
            release=release.text,
            version="" if refusal.version is None else dotted(refusal.version),
            near=f"; did you mean `{nearest}`?" if nearest else "",
            advice=_advice(flag, refusal, nearest),
            instead=nearest or facts.replacement(flag.spelling),
        )
    for word in engine.commandline.positionals if engine.kind == "vllm" else ():
        if word.text.startswith(_DASHES):
            plain = "--" + word.text.lstrip("".join(_DASHES) + "-")
            yield Problem(
                word.node, variant="dash", flag=word.text, advice=f"write `{plain}`", instead=plain
            )


def _whole(engine: Engine) -> list[Flag]:
    """The options of vLLM that are words by themselves; KServe's server has others of its own."""
    own = HUGGINGFACE_OPTIONS if engine.kind == "huggingfaceserver" else ()
    return [flag for flag in engine.commandline.flags if flag.whole and flag.name not in own]


def _refusal(flag: Flag, release: Release) -> Refusal | None:
    if flag.spelling in _ALWAYS:
        return None
    if release.certainty != UNTOLD:
        return facts.refusal(flag.spelling, release.candidates)
    return facts.Refusal("never") if facts.never_had(flag.spelling) else None


def _nearest(flag: Flag, release: Release) -> str:
    glued = _GLUED.fullmatch(flag.written)
    if glued is not None and not facts.never_had(glued[1]):
        return f"{glued[1]} {glued[2]}"
    found = facts.nearest_flag(flag.spelling.lstrip("-"), release.candidates)
    return "" if found is None else f"--{found}"


def _advice(flag: Flag, refusal: Refusal, nearest: str) -> str:
    instead = facts.replacement(flag.spelling)
    if refusal.kind == "removed" and instead:
        return f"use {_quoted(instead)}" if instead.startswith("--") else instead
    if refusal.kind == "new":
        return "leave the option out, or run a newer image"
    if refusal.kind == "ambiguous":
        return "write the option in full"
    return f"write `{nearest}`" if nearest else "remove the option"


def _quoted(instead: str) -> str:
    """`--a` or `--a=x` as code; `--runner and --convert` is a text already."""
    return instead if " " in instead else f"`{instead}`"


def _accepted(engine: Engine) -> Iterator[Flag]:
    """The options that the parser knows, and so goes on to read."""
    release = engine.release
    return (flag for flag in _whole(engine) if _refusal(flag, release) is None)


def json_argument(server: Server) -> Iterator[Problem]:
    """A value that is no JSON where JSON is read, or lacks what makes it complete."""
    engine, release = server.engine, server.engine.release
    for flag in _accepted(engine):
        for text, node in zip(flag.values, flag.value_nodes, strict=False):
            if engine.commandline.shell and _VARIABLE.search(text):
                if release.judged(partial(values.is_json, flag.name)):
                    yield Problem(
                        node,
                        variant="unexpanded",
                        severity="warning",
                        flag=flag.name,
                        like="",
                        advice="close the single quotes around the variable, not across it",
                    )
                continue
            judged = release.judged(partial(values.refused_json, flag.name, text))
            if judged is not None:
                meant = _meant(text)
                yield Problem(
                    node,
                    variant=_broken(text, engine),
                    severity=None if judged[1] else "warning",
                    flag=flag.name,
                    value=text,
                    like=meant,
                    advice=f"write `{meant}`"
                    if meant
                    else "give it JSON, in single quotes in YAML",
                )
    yield from _transfer_without_role(engine)


def _broken(text: str, engine: Engine) -> str:
    if engine.commandline.shell and text.lstrip().startswith(("{", "[")) and '"' not in text:
        return "shell"
    if _unquoted(text) != text:
        return "quoted"
    return "pairs" if _PAIRS.fullmatch(text) else "default"


def _unquoted(text: str) -> str:
    """The text without quotes and backslashes that only a shell would have taken off."""
    bare = text.strip()
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\"":
        bare = bare[1:-1]
    return bare.replace('\\"', '"')


def _meant(text: str) -> str:
    """JSON that says what the value was meant to; "" if that is not clear."""
    if _PAIRS.fullmatch(text):
        pairs = (pair.split("=") for pair in text.split(","))
        return "{" + ", ".join(f'"{name}": {number}' for name, number in pairs) + "}"
    if text == "*":
        return '["*"]'
    bare = _unquoted(text)
    return bare if values.parse_json(bare) is not None else ""


def _transfer_without_role(engine: Engine) -> Iterator[Problem]:
    """A --kv-transfer-config that names a connector and no role."""
    name = "kv-transfer-config"
    keyed = [flag for flag in _whole(engine) if flag.name.startswith(f"{name}.")]
    if keyed:  # options of single keys replace the object as a whole
        keys = {flag.name.removeprefix(f"{name}."): flag for flag in keyed}
        at = keys["kv_connector"].node if "kv_connector" in keys else None
    else:
        flag = engine.flag(name)
        text = flag.value if flag is not None and flag.known else None
        read = None if text is None else values.parse_json(text)
        keys = read if isinstance(read, dict) else {}
        at = None if flag is None or "kv_connector" not in keys else flag.value_node or flag.node
    if at is not None and "kv_role" not in keys and engine.commandline.complete:
        advice = 'add `"kv_role": "kv_both"`, or the role it has'
        yield Problem(at, variant="role", flag=name, like="", advice=advice)


def args_not_split(server: Server) -> Iterator[Problem]:
    """One item that holds what must be several words."""
    engine = server.engine
    line = engine.commandline
    if line.unsplit is not None:
        yield Problem(line.unsplit, variant="command", item=_shown(line.unsplit.text or ""))
        return
    if engine.kind != "vllm":
        yield from _ignored(engine)
        return
    for flag in line.flags:
        if not flag.whole:
            blank = not flag.written.strip().split()[1:] and not flag.joined
            yield Problem(flag.node, variant="blank" if blank else "default", item=_item(flag))
    for word in line.positionals:
        if re.search(r"\s--?[a-z]", word.text):
            yield Problem(word.node, variant="default", item=_shown(word.text))
    release = engine.release
    for flag in _accepted(engine):
        for text, node in zip(flag.values, flag.value_nodes, strict=False):
            if _holds_several(flag, text, release):
                yield Problem(node, variant="list", item=_shown(text), flag=flag.name)
            elif _is_padded(flag, text, release):
                yield Problem(node, variant="padded", item=text, flag=flag.name)


def _ignored(engine: Engine) -> Iterator[Problem]:
    """KServe's server passes over what it does not know (parse_known_args in __main__.py)."""
    for flag in engine.commandline.flags:
        if not flag.whole:
            yield Problem(flag.node, variant="ignored", severity="warning", item=_item(flag))


def _item(flag: Flag) -> str:
    return _shown(flag.written if not flag.joined else f"{flag.written}=...")


def _is_padded(flag: Flag, text: str, release: Release) -> bool:
    """Is it but the blanks around a value that the option does not take?"""
    bare = text.strip()
    return bool(bare != text and bare) and (
        release.judged(partial(values.refused, flag.name, text)) is not None
        and release.judged(partial(values.refused, flag.name, bare)) is None
    )


def _holds_several(flag: Flag, text: str, release: Release) -> bool:
    """Does one value of a list option hold several? `a=/x b=/y`, and `1,2,4` for numbers."""
    known = facts.described(flag.name, release.candidates[-1] if release.candidates else None)
    if known is None or known.arity != "+":
        return False
    if flag.name == "lora-modules":
        pairs = text.split()
        return len(pairs) > 1 and all("=" in pair for pair in pairs)
    parts = re.split(r"[,\s]+", text.strip())
    return known.type == "int" and len(parts) > 1 and all(part.isdigit() for part in parts)


def entrypoint_twice(server: Server) -> Iterator[Problem]:
    """Arguments that begin with the program that the image starts by itself."""
    line = server.engine.commandline
    if line.doubled is not None:
        yield Problem(
            line.doubled,
            variant="shell" if line.shell else "default",
            image=server.engine.image.name,
            word=_shown(line.doubled.text or ""),
        )


def argument_value(server: Server) -> Iterator[Problem]:
    """A value that the option does not take."""
    engine, release = server.engine, server.engine.release
    for flag in _accepted(engine):
        known = facts.described(flag.name, release.candidates[-1] if release.candidates else None)
        if known is None or flag.name in _FREE:
            continue
        if known.type == "bool":
            yield from _value_of_switch(flag, engine)
        elif not flag.values and flag.known and known.arity in ("1", "+"):
            yield Problem(flag.node, variant="missing", flag=flag.written)
        for text, node in zip(flag.values, flag.value_nodes, strict=False):
            judged = release.judged(partial(values.refused, flag.name, text))
            split = _holds_several(flag, text, release) or _is_padded(flag, text, release)
            if judged is not None and not split:
                yield Problem(
                    node,
                    severity=None if judged[1] else "warning",
                    flag=flag.name,
                    value=text,
                    wanted=judged[0],
                )


def _value_of_switch(flag: Flag, engine: Engine) -> Iterator[Problem]:
    """`--enforce-eager=true`, and `--enforce-eager true`, whose second word is left over."""
    judged = engine.release.judged(partial(values.is_switch, flag.name))
    if judged is None:
        return
    severity = None if judged[1] else "warning"
    if flag.joined:
        value = flag.value or '""'
        yield Problem(
            flag.node, variant="joined", severity=severity, flag=flag.written, value=value
        )
        return
    word = flag.follower
    if word is None or not word.known or engine.kind != "vllm":
        return
    others = (other for other in engine.commandline.positionals if other is not word)
    left_over = engine.flag("model") is not None or any(o.known and not o.loose for o in others)
    if word.text.lower() in _TRUTHS or left_over:
        yield Problem(
            word.node, variant="follower", severity=severity, flag=flag.written, value=word.text
        )


def _shown(text: str) -> str:
    """A text as it fits into a message."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "..."
