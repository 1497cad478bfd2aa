"""What the client may ask for, and `serve`, which answers until the client leaves."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from lsprotocol import types

from kslint.lsp.actions import FIX_ALL, actions
from kslint.lsp.hover import hover
from kslint.lsp.server import Server
from kslint.lsp.uris import path_of

if TYPE_CHECKING:
    from kslint.lsp.diagnostics import Places

_PATTERNS = (
    "**/*.{yaml,yml,json}",
    "**/{.gitignore,pyproject.toml,Kustomization}",
    "**/.kslint/rules/*.md",
)
_ANY_FILE = types.FileOperationRegistrationOptions(
    [types.FileOperationFilter(types.FileOperationPattern("**"), "file")]
)
_ACTIONS = types.CodeActionOptions([types.CodeActionKind.QuickFix, FIX_ALL])


def serve() -> NoReturn:
    """Speak the language server protocol on stdin and stdout, and end when the client leaves.

    The process exits with 1 if it left without a word.
    """
    server = Server()
    _follow(server)
    server.feature(types.TEXT_DOCUMENT_HOVER)(partial(_hover, server))
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, _ACTIONS)(partial(_actions, server))
    server.start_io()
    # a check that nobody waits for may be under way: end without it
    os._exit(0 if server.was_shut_down else 1)


def _follow(server: Server) -> None:
    """Keep up with what is open, saved and changed."""

    @server.feature(types.INITIALIZED)
    def initialized(_params: types.InitializedParams) -> None:
        _watch(server)
        server.open_folders()

    @server.feature(types.SHUTDOWN)
    def shut_down(_params: None) -> None:
        server.was_shut_down = True

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(_params: types.DidChangeWorkspaceFoldersParams) -> None:
        server.open_folders()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.document_changed(params.text_document.uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def typed(params: types.DidChangeTextDocumentParams) -> None:
        server.document_changed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    @server.feature(types.WORKSPACE_DID_CREATE_FILES, _ANY_FILE)
    @server.feature(types.WORKSPACE_DID_RENAME_FILES, _ANY_FILE)
    @server.feature(types.WORKSPACE_DID_DELETE_FILES, _ANY_FILE)
    def disk_changed(_params: Any) -> None:
        server.disk_changed()


def _watch(server: Server) -> None:
    """Ask the client to tell of changes on the disk, where it can."""
    workspace = server.client_capabilities.workspace
    watched = None if workspace is None else workspace.did_change_watched_files
    if watched is None or not watched.dynamic_registration:
        return
    watchers = [types.FileSystemWatcher(pattern) for pattern in _PATTERNS]
    registration = types.Registration(
        "kslint-files",
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
        types.DidChangeWatchedFilesRegistrationOptions(watchers),
    )
    server.client_register_capability(types.RegistrationParams([registration]))


async def _hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    places, name = await _asked(server, params.text_document.uri)
    positions = None if places is None else places.positions(name)
    if places is None or positions is None:
        return None
    place = positions.place(params.position)
    try:
        text = await server.think(partial(hover, places.checked, name, *place))
    except Exception as error:  # noqa: BLE001  (the server outlives our mistakes)
        server.log_failure("answering a hover", error)
        return None
    return types.Hover(types.MarkupContent(_markup(server), text)) if text else None


async def _actions(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    places, name = await _asked(server, params.text_document.uri)
    if places is None:
        return []
    only, versioned = params.context.only, _takes_versions(server)
    try:
        return await server.think(partial(actions, places, name, params.range, only, versioned))
    except Exception as error:  # noqa: BLE001  (the server outlives our mistakes)
        server.log_failure("looking for quick fixes", error)
        return []


async def _asked(server: Server, uri: str) -> tuple[Places | None, str]:
    """The last check of a document, and the document's name in it."""
    places = await server.settled(uri)
    name = None if places is None else places.checked.names.get(path_of(uri) or uri)
    return (None, "") if name is None else (places, name)


def _markup(server: Server) -> types.MarkupKind:
    document = server.client_capabilities.text_document
    asked = None if document is None or document.hover is None else document.hover.content_format
    plain = asked is not None and types.MarkupKind.Markdown not in asked
    return types.MarkupKind.PlainText if plain else types.MarkupKind.Markdown


def _takes_versions(server: Server) -> bool:
    workspace = server.client_capabilities.workspace
    edits = None if workspace is None else workspace.workspace_edit
    return bool(edits is not None and edits.document_changes)
