"""The language server as an editor meets it: the real process, over stdio."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from lsp_client import SERVER, TIMEOUT, Editor, edited, run
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: model-cache, namespace: models}
spec:
  accessModes: [ReadWriteMany]
"""
SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  {name: qwen, namespace: models,
   annotations: {serving.kserve.io/deploymentMode: Standard}}
spec:
  predictor:
    canaryTrafficPercent: 20
    containers:
      - name: kserve-container
        image: ghcr.io/example/server:1
        resources:
          requests:
            cpu: 500m
        volumeMounts:
          - {name: cache, mountPath: /models}
    volumes:
      - name: cache
        persistentVolumeClaim: {claimName: model-cache}
"""
CANARY, STANDARD, CPU = "KS402", "KS403", "KS101"


def written(folder: Path, **texts: str) -> dict[str, Path]:
    """Files of these names, without their suffix, and their paths."""
    folder.mkdir(exist_ok=True)
    paths = {name: folder / f"{name}.yaml" for name in texts}
    for name, text in texts.items():
        paths[name].write_text(text)
    return paths


def test_a_day_in_the_editor(tmp_path: Path) -> None:
    paths = written(tmp_path, claim=CLAIM, service=SERVICE)
    there = paths["service"].as_uri()

    async def scenario(editor: Editor) -> None:
        await editor.start(tmp_path)
        await editor.until(lambda: editor.codes(there) == [STANDARD])

        # an unsaved change in one file is a finding in another, which is not even open
        claim = editor.open(paths["claim"], CLAIM)
        editor.type(claim, CLAIM.replace("ReadWriteMany", "ReadWriteOnce"))
        await editor.until(lambda: editor.codes(there) == [CANARY, STANDARD])
        found = editor.diagnostics[there][0]
        assert found.severity == types.DiagnosticSeverity.Error
        assert found.range == types.Range(types.Position(7, 4), types.Position(7, 24))
        assert found.code_description is not None
        assert found.code_description.href.endswith("/rules/canary-on-rwo-pvc/")
        related = [one.location for one in found.related_information or ()]
        assert (
            types.Location(claim, types.Range(types.Position(4, 2), types.Position(4, 13)))
            in related
        )

        # closed without saving, it is gone
        editor.close(claim)
        await editor.until(lambda: editor.codes(there) == [STANDARD])

        # what is typed is answered with what the cluster makes of it
        text = SERVICE.replace("500m", '"2"')
        service = editor.open(paths["service"], SERVICE)
        assert service == there
        editor.type(service, text)
        value = await editor.hover(service, 13, 13)
        assert '  cpu: "1"' in value
        assert "the default of KServe 0.19" in value
        assert value.startswith("**error** ")
        assert "/rules/cpu-request-over-injected-limit" in value
        assert "## What happens" not in value
        assert editor.codes(service) == [STANDARD, CPU]
        name = await editor.hover(service, 3, 9)
        assert "**Deployment models/qwen-predictor**" in name
        assert "limit `1` ← the default of KServe 0.19" in name
        assert await editor.hover(service, 0, 3) == ""

        # a quick fix, applied
        offered = await editor.actions(service, editor.diagnostics[service][0].range)
        (ignore,) = [one for one in offered if one.title == "Ignore canary-in-standard-mode here"]
        assert [one.code for one in ignore.diagnostics or ()] == [STANDARD]
        text = edited(text, service, ignore)
        assert "20  # kslint: ignore[canary-in-standard-mode]\n" in text
        editor.type(service, text)
        await editor.until(lambda: editor.codes(service) == [CPU])
        editor.type(service, text.replace('"2"', '"1"'))
        await editor.until(lambda: editor.codes(service) == [])
        assert editor.published[-1].version == 4
        assert editor.messages == []

    run(scenario)


def test_folders_lone_files_and_unsaved_ones(tmp_path: Path) -> None:
    """Each folder is a repository of its own; names may hold anything; no file is lost."""
    one, two = tmp_path / "one and #1", tmp_path / "zwei é"
    claim = CLAIM.replace("ReadWriteMany", "ReadWriteOnce")
    paths = written(one, service=SERVICE) | written(two, claim=claim)
    outside = written(tmp_path / "outside", alone=SERVICE)["alone"]
    emoji = "{apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, "
    emoji += "metadata: {name: a, annotations: {serving.kserve.io/deploymentMode: Standard}}, "
    emoji += (
        "spec: {predictor: {labels: {a: 😀}, minReplicas: 0, model: {modelFormat: {name: x}}}}}\n"
    )

    async def scenario(editor: Editor) -> None:
        await editor.start(one, two, one / "inner")
        service = paths["service"].as_uri()
        await editor.until(lambda: editor.codes(service) == [STANDARD])
        spelled = service.replace("/one", "/%6Fne")
        editor.open(spelled, SERVICE)
        await editor.until(
            lambda: editor.codes(spelled) == [STANDARD] and not editor.codes(service)
        )

        lone = editor.open(outside, SERVICE)
        await editor.until(lambda: editor.codes(lone) == [STANDARD])
        untitled = editor.open("untitled:Untitled-1", emoji)
        await editor.until(lambda: "KS405" in editor.codes(untitled))
        (found,) = [one for one in editor.diagnostics[untitled] if one.code == "KS405"]
        start = emoji.encode("utf-16-le").index("minReplicas".encode("utf-16-le")) // 2
        assert found.range.start == types.Position(0, start)
        said = await editor.hover(untitled, 0, start + 1)
        assert said.startswith("**warning** `minReplicas: 0` becomes 1")
        assert "an HPA scales" in said
        editor.open(tmp_path / "notes.md", "a: [", "markdown")
        new = editor.open(two / "deep" / "new.yaml", SERVICE)
        await editor.until(lambda: CANARY in editor.codes(new))
        for uri in (lone, untitled, new):
            editor.close(uri)
        await editor.until(lambda: not any(editor.codes(uri) for uri in (lone, untitled, new)))
        assert (tmp_path / "notes.md").as_uri() not in editor.diagnostics

        gone = types.WorkspaceFolder(one.as_uri(), "one")
        event = types.WorkspaceFoldersChangeEvent([], [gone])
        editor.client.workspace_did_change_workspace_folders(
            types.DidChangeWorkspaceFoldersParams(event)
        )
        await editor.until(lambda: editor.codes(spelled) == [STANDARD])

    run(scenario)


def test_the_configuration_counts_and_its_mistakes_are_shown(tmp_path: Path) -> None:
    paths = written(tmp_path, service=SERVICE, kslint="ignore: [no-such-rule]\n")

    async def scenario(editor: Editor) -> None:
        await editor.start(tmp_path)
        service, config = paths["service"].as_uri(), paths["kslint"].as_uri()
        await editor.until(lambda: editor.codes(config) == ["configuration"])
        assert not editor.codes(service)  # as on the command line: first the configuration
        (mistake,) = editor.diagnostics[config]
        assert mistake.message.startswith("no rule or category is called `no-such-rule`")
        assert mistake.range == types.Range(types.Position(0, 9), types.Position(0, 22))

        editor.open(config, "ignore: [no-such-rule]\n")
        editor.type(config, "severity: {canary-in-standard-mode: note}\n")
        await editor.until(lambda: editor.codes(service) == [STANDARD])
        assert editor.diagnostics[service][0].severity == types.DiagnosticSeverity.Information
        assert not editor.codes(config)
        editor.type(config, "severity: {canary-in-standard-mode: \n")  # the last good one stays
        await editor.until(lambda: editor.codes(config) == ["configuration"])
        assert editor.diagnostics[service][0].severity == types.DiagnosticSeverity.Information
        editor.type(config, "ignore: [canary-in-standard-mode]\n")
        await editor.until(lambda: not editor.codes(service) and not editor.codes(config))

    run(scenario)


def test_changes_on_the_disk_are_followed(tmp_path: Path) -> None:
    paths = written(tmp_path, claim=CLAIM.replace("Many", "Once"), service=SERVICE)

    async def scenario(editor: Editor) -> None:
        await editor.start(tmp_path)
        await editor.until(lambda: bool(editor.registered))
        service = paths["service"].as_uri()
        await editor.until(lambda: editor.codes(service) == [CANARY, STANDARD])
        paths["claim"].unlink()
        editor.watched(paths["claim"].as_uri())
        await editor.until(lambda: editor.codes(service) == [STANDARD])
        moved = paths["service"].rename(tmp_path / "moved.yaml").as_uri()
        editor.watched(service, moved)
        await editor.until(lambda: editor.codes(moved) == [STANDARD] and not editor.codes(service))
        (tmp_path / "moved.yaml").write_text("apiVersion: v1\nkind: [\n")
        editor.watched(moved)
        await editor.until(lambda: editor.codes(moved) == ["KS002"])

    run(scenario)


def test_a_client_that_can_do_little(tmp_path: Path) -> None:
    paths = written(tmp_path, service=SERVICE)
    hover = types.HoverClientCapabilities(content_format=[types.MarkupKind.PlainText])
    little = types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(hover=hover),
        general=types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind.Utf8]
        ),
    )

    async def scenario(editor: Editor) -> None:
        result = await editor.start(tmp_path, capabilities=little)
        assert result.capabilities.position_encoding == types.PositionEncodingKind.Utf8
        service = editor.open(paths["service"], SERVICE)
        offered = await editor.actions(
            service, types.Range(types.Position(7, 0), types.Position(7, 9))
        )
        assert {one.edit.changes is not None for one in offered if one.edit} == {True}
        found = await editor.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(service), types.Position(3, 9))
        )
        assert found.contents.kind == types.MarkupKind.PlainText
        assert not editor.registered

    run(scenario)


def test_fast_typing_is_checked_once_it_pauses(tmp_path: Path) -> None:
    paths = written(tmp_path, service=SERVICE)

    async def scenario(editor: Editor) -> None:
        await editor.start(tmp_path)
        service = editor.open(paths["service"], SERVICE)
        await editor.until(lambda: any(one.version == 1 for one in editor.published))
        for cpu in range(2, 42):
            editor.type(service, SERVICE.replace("500m", str(cpu)))
        await editor.until(lambda: editor.published[-1].version == 41)
        (found,) = [one for one in editor.diagnostics[service] if one.code == CPU]
        assert found.message.startswith("`requests.cpu` is 41")

    run(scenario)


BROKEN = """
import sys
from kslint.lsp import {module} as module
def broken(*_):
    raise RuntimeError("on purpose")
module.{function} = broken
from kslint.__main__ import main
sys.argv = ["kslint", "lsp"]
main()
"""


@pytest.mark.parametrize(
    ("module", "function"),
    [("folder", "Folder.check"), ("features", "hover"), ("features", "actions")],
)
def test_our_mistakes_are_logged_and_the_server_goes_on(
    module: str, function: str, tmp_path: Path
) -> None:
    paths = written(tmp_path, service=SERVICE)

    async def scenario(editor: Editor) -> None:
        server = ("-c", BROKEN.format(module=module, function=function))
        await editor.start(tmp_path, server=server)
        service = editor.open(paths["service"], SERVICE)
        place = types.Range(types.Position(7, 5), types.Position(7, 5))
        assert not (await editor.hover(service, 7, 5)) or function != "hover"
        assert not (await editor.actions(service, place)) or function == "hover"
        await editor.until(lambda: any("RuntimeError: on purpose" in m for m in editor.messages))

    run(scenario)


def test_whatever_a_client_sends_gets_an_answer(tmp_path: Path) -> None:
    paths = written(tmp_path, service=SERVICE)

    async def scenario(editor: Editor) -> None:
        await editor.start(tmp_path)

        async def hover(uri: str, line: int, character: int) -> object:
            position = types.Position(0, 0)
            object.__setattr__(position, "line", line)  # past the client's own checks
            object.__setattr__(position, "character", character)
            params = types.HoverParams(types.TextDocumentIdentifier(uri), position)
            return await asyncio.wait_for(editor.client.text_document_hover_async(params), TIMEOUT)

        for uri in ("file://[x/a.yaml", "file://\u2100/a.yaml"):
            editor.open(uri, SERVICE)
            with pytest.raises(JsonRpcInvalidParams):
                await hover(uri, 0, 0)
        for uri in ("", "file:///a%00b.yaml", "\ud800:/"):
            editor.open(uri, SERVICE)
            await hover(uri, 0, 0)
            editor.close(uri)
        service = editor.open(paths["service"], SERVICE)
        for line, character in ((-1, 0), (0, -1), (10**18, 0), (0, 10**18)):
            with pytest.raises(JsonRpcInvalidParams):
                await hover(service, line, character)
        for place in ((2**31 - 1, 0), (0, 2**31 - 1)):
            await hover(service, *place)
        await editor.until(lambda: editor.codes(service) != [])
        assert await editor.hover(service, 7, 5)
        assert not [said for said in editor.messages if "Traceback" in said]

    run(scenario)


def test_a_client_that_vanishes_ends_the_server(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, *SERVER], stdin=subprocess.DEVNULL, capture_output=True,
        timeout=TIMEOUT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, b"")


def test_without_pygls_one_sentence() -> None:
    code = 'import sys; sys.modules["pygls"] = None; sys.argv = ["kslint", "lsp"]\n'
    code += "from kslint.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "kslint lsp needs pygls: pip install 'kslint[lsp]'\n"


def test_check_does_not_import_the_server() -> None:
    code = "import sys; sys.argv = ['kslint', 'rules']\n"
    code += "from kslint.cli.commands import app; assert 'pygls' not in sys.modules, 'imported'"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=TIMEOUT)
