"""A real client of the language server, over stdio, for tests."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

TIMEOUT = 60
SERVER = ("-m", "kslint", "lsp", "--stdio")


class Editor:
    """Drives `python -m kslint lsp` as an editor would, and keeps what the server said."""

    def __init__(self) -> None:
        self.client: Any = LanguageClient("test", "1")
        self.diagnostics: dict[str, list[types.Diagnostic]] = {}
        self.published: list[types.PublishDiagnosticsParams] = []
        self.messages: list[str] = []
        self.registered: list[types.Registration] = []
        self._news = asyncio.Event()
        self._versions: dict[str, int] = {}
        self._on(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, self._take_diagnostics)
        self._on(types.WINDOW_LOG_MESSAGE, lambda said: self.messages.append(said.message))
        self._on(types.WINDOW_SHOW_MESSAGE, lambda said: self.messages.append(said.message))
        self._on(
            types.CLIENT_REGISTER_CAPABILITY,
            lambda asked: self.registered.extend(asked.registrations),
        )

    def _on(self, method: str, do: Callable[[Any], None]) -> None:
        def handle(params: Any) -> None:
            do(params)
            self._news.set()

        self.client.feature(method)(handle)

    def _take_diagnostics(self, params: types.PublishDiagnosticsParams) -> None:
        self.diagnostics[params.uri] = list(params.diagnostics)
        self.published.append(params)

    async def start(
        self,
        *roots: Path,
        capabilities: types.ClientCapabilities | None = None,
        server: tuple[str, ...] = SERVER,
    ) -> types.InitializeResult:
        """Start the server and open the folders."""
        await self.client.start_io(sys.executable, *server)
        uris = [root.as_uri() for root in roots]
        result: types.InitializeResult = await self.client.initialize_async(
            types.InitializeParams(
                capabilities=capabilities or everything(),
                workspace_folders=[types.WorkspaceFolder(uri, uri) for uri in uris],
            )
        )
        self.client.initialized(types.InitializedParams())
        return result

    async def stop(self) -> int | None:
        """Shut the server down as the protocol asks. The process's exit code."""
        await self.client.shutdown_async(None)
        self.client.exit(None)
        code: int | None = await asyncio.wait_for(self.client._server.wait(), TIMEOUT)
        await self.client.stop()
        return code

    def open(self, path: Path | str, text: str, language: str = "yaml") -> str:
        uri = path if isinstance(path, str) else path.as_uri()
        self._versions[uri] = 1
        document = types.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        return uri

    def type(self, uri: str, text: str) -> None:
        self._versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(self._versions[uri], uri)
        changes = [types.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))

    def save(self, uri: str) -> None:
        document = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(document))

    def close(self, uri: str) -> None:
        document = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def watched(self, *uris: str) -> None:
        """Tell of files that changed on the disk."""
        changes = [types.FileEvent(uri, types.FileChangeType.Changed) for uri in uris]
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes))

    async def hover(self, uri: str, line: int, character: int) -> str:
        """The text of a hover; "" if there is none. Positions are the protocol's."""
        found = await self.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
        )
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    async def actions(
        self, uri: str, range: types.Range, only: list[str] | None = None
    ) -> list[types.CodeAction]:
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri), range, types.CodeActionContext([], only)
            )
        )
        assert all(isinstance(action, types.CodeAction) for action in found or ())
        return list(found or ())

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what the server will say."""

        async def wait() -> None:
            while not condition():
                self._news.clear()
                await self._news.wait()

        await asyncio.wait_for(wait(), TIMEOUT)

    def codes(self, uri: str) -> list[str]:
        return [str(found.code) for found in self.diagnostics.get(uri, ())]


def everything() -> types.ClientCapabilities:
    """A client that can do all we make use of."""
    return types.ClientCapabilities(
        workspace=types.WorkspaceClientCapabilities(
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(True),
        )
    )


def edited(text: str, uri: str, action: types.CodeAction) -> str:
    """A text of the basic plane after a code action's versioned edits of it."""
    assert action.edit is not None
    changes = [
        c for c in action.edit.document_changes or () if isinstance(c, types.TextDocumentEdit)
    ]
    edits = [edit for change in changes if change.text_document.uri == uri for edit in change.edits]
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    edits.sort(key=lambda edit: (edit.range.start.line, edit.range.start.character))
    for edit in reversed(edits):
        assert isinstance(edit, types.TextEdit)
        start = starts[edit.range.start.line] + edit.range.start.character
        end = starts[edit.range.end.line] + edit.range.end.character
        text = text[:start] + edit.new_text + text[end:]
    return text


def run(scenario: Callable[[Editor], Awaitable[None]]) -> None:
    """Play a scenario with a server that is stopped afterwards, and must leave in peace."""

    async def play() -> None:
        editor = Editor()
        await scenario(editor)
        assert await editor.stop() == 0

    asyncio.run(play())
