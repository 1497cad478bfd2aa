"""The server: what the client says becomes checks, and what checks find becomes messages.

The event loop only keeps the books. Everything that reads or thinks runs in one other thread,
so that the server answers while a large tree is checked; a result that was overtaken by a later
change is dropped.
"""

from __future__ import annotations

import asyncio
import gc
import os
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from kslint import REPORT_URL, __version__
from kslint.config.file import PYPROJECT
from kslint.lsp.diagnostics import Places
from kslint.lsp.folder import Buffer, Folder, is_within
from kslint.lsp.protocol import Protocol
from kslint.lsp.uris import path_of
from kslint.source.files import CONFIG_FILES, SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pygls.workspace import TextDocument

    from kslint.lsp.folder import Checked

    Result = TypeVar("Result")

DEBOUNCE = 0.2
"""Seconds without a further keystroke before a check begins."""
PATIENCE = 20.0
"""Seconds that a hover or a code action waits for the check of the latest text."""


class Server(LanguageServer):
    """The folders of the workspace, the open documents, and what was last said of them."""

    def __init__(self) -> None:
        # whole texts: in pygls, the lines of incremental changes are those of str.splitlines
        full = types.TextDocumentSyncKind.Full
        super().__init__("kslint", __version__, full, protocol_cls=Protocol)
        self.was_shut_down = False
        self._thread = ThreadPoolExecutor(1, "kslint")
        self._folders: dict[str, Folder] = {}
        self._places: dict[str, Places] = {}
        """Of the last check of each folder."""
        self._dirty: set[str] = set()
        self._generation = 0
        self._timer: asyncio.TimerHandle | None = None
        self._settled = asyncio.Event()
        self._said: dict[str, tuple[int | None, list[types.Diagnostic]]] = {}
        self._complaints: dict[str, set[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def open_folders(self) -> None:
        """Take the client's folders for ours; those within another are part of it."""
        uris = [folder.uri for folder in self.workspace.folders.values()]
        if not uris and self.workspace.root_uri is not None:
            uris = [self.workspace.root_uri]
        given = {path for uri in uris if (path := path_of(uri)) is not None}
        roots = {p for p in given if not any(is_within(p, other) for other in given)}
        for key in self._folders.keys() - roots:
            self._forget(key)
        for path in roots - self._folders.keys():
            self._folders[path] = Folder(path)
        self.changed(self._folders, 0)
        for document in self.workspace.text_documents.values():
            self.document_changed(document.uri, 0)

    def document_changed(self, uri: str, delay: float = DEBOUNCE) -> None:
        """A document was opened or typed into."""
        document = self.workspace.text_documents.get(unquote(uri))
        if document is None:
            return
        path = path_of(uri) or uri
        keys = [key for key, folder in self._folders.items() if folder.holds(path)]
        if os.path.basename(path) in (*CONFIG_FILES, PYPROJECT):
            keys = list(self._folders)
        elif not keys and _is_manifest(document):
            directory = os.path.dirname(path) if path_of(uri) else self._home()
            self._folders[path] = Folder(directory, path)
            keys = [path]
        self.changed(keys, delay)

    def disk_changed(self) -> None:
        """Files were saved, closed, or changed by others."""
        buffers = self._buffers()
        for key, folder in list(self._folders.items()):
            if folder.document is not None and key not in buffers:
                self._forget(key)
            folder.forget()
        self.changed(self._folders)

    def changed(self, keys: Iterable[str], delay: float = DEBOUNCE) -> None:
        """Check these folders again once `delay` seconds pass without another change."""
        self._dirty.update(keys)
        self._generation += 1
        self._settled.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay, self._start)

    async def settled(self, uri: str) -> Places | None:
        """The check of the latest text of a document; None if there is none in time."""
        if self._timer is not None:
            self._start()
        try:
            await asyncio.wait_for(self._settled.wait(), PATIENCE)
        except asyncio.TimeoutError:
            return None
        path = path_of(uri) or uri
        for key, folder in self._folders.items():
            if folder.holds(path) and key in self._places:
                return self._places[key]
        return None

    async def think(self, work: Callable[[], Result]) -> Result:
        """Do work that needs the model in the thread that may."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def log_failure(self, doing: str, error: BaseException) -> None:
        """Our mistake: into the client's log, with what a report needs."""
        where = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        text = f"kslint {__version__} broke while {doing}. Please report it at {REPORT_URL}:\n"
        self.window_log_message(
            types.LogMessageParams(types.MessageType.Error, text + where.rstrip())
        )

    def report_server_error(self, error: Exception, source: object) -> None:  # noqa: ARG002  (pygls names it)
        """Called by pygls for what escapes a handler; a log entry, not a window in the way."""
        if isinstance(error, JsonRpcInvalidParams):
            self.window_log_message(
                types.LogMessageParams(types.MessageType.Warning, f"kslint was sent: {error}")
            )
        else:
            self.log_failure("handling a message", error)

    def _buffers(self) -> dict[str, Buffer]:
        found = {}
        for document in self.workspace.text_documents.values():
            path = path_of(document.uri) or document.uri
            found[path] = Buffer(path, document.uri, document.version, document.source)
        return found

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        task = asyncio.get_running_loop().create_task(self._check())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _check(self) -> None:
        generation, buffers = self._generation, self._buffers()
        for key in sorted(self._dirty & self._folders.keys()):
            work = partial(self._checked, self._folders[key], buffers, generation)
            try:
                places = await self.think(work)
            except Exception as error:  # noqa: BLE001  (the server outlives our mistakes)
                self.log_failure(f"checking {key}", error)
                places = None
            if generation != self._generation:
                return  # the later change has its own check
            if places is not None:
                self._places[key] = places
                self._complain(key, places.checked)
        self._dirty.clear()
        self._publish({buffer.uri: buffer.version for buffer in buffers.values()})
        self._settled.set()

    def _checked(
        self, folder: Folder, buffers: dict[str, Buffer], generation: int
    ) -> Places | None:
        """Runs in the thread. The garbage of a check is collected where nobody waits for it."""
        if generation != self._generation:
            return None
        checked = folder.check(buffers)
        places = Places(checked, folder.root, buffers, self.workspace.position_codec)
        gc.collect()
        return places

    def _publish(self, versions: Mapping[str, int | None]) -> None:
        """Send what changed; files that are clean again get an empty list."""
        found: dict[str, list[types.Diagnostic]] = {}
        for places in self._places.values():
            for uri, diagnostics in places.diagnostics.items():
                known = found.setdefault(uri, [])
                known.extend(one for one in diagnostics if one not in known)
        for uri in sorted({*found, *self._said}):
            now = (versions.get(uri), found.get(uri, []))
            if now != self._said.get(uri):
                self.text_document_publish_diagnostics(
                    types.PublishDiagnosticsParams(uri, now[1], now[0])
                )
            self._said[uri] = now
        self._said = {uri: said for uri, said in self._said.items() if said[1]}

    def _complain(self, key: str, checked: Checked) -> None:
        """What has no file to stand in: said once, until it is mended."""
        mistakes = {one.message for one in checked.configured.mistakes if not one.file}
        broken = {one.message for one in checked.findings if one.span.file == "<kslint>"}
        known = self._complaints.get(key, set())
        for text in sorted(mistakes - known):
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, text))
        for text in sorted(broken - known):
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, text))
        self._complaints[key] = mistakes | broken

    def _home(self) -> str:
        """Whose configuration counts for a document that is in no file yet."""
        roots = (folder.root for folder in self._folders.values() if folder.document is None)
        return min(roots, default=os.path.expanduser("~"))

    def _forget(self, key: str) -> None:
        del self._folders[key]
        self._places.pop(key, None)
        self._complaints.pop(key, None)
        self._dirty.discard(key)
        self._settled.clear()


def _is_manifest(document: TextDocument) -> bool:
    """May a document that lies in no folder be one? What the client attaches us to may not."""
    language = (document.language_id or "").split(".")[0]
    return language in ("yaml", "json") or document.path.lower().endswith(SUFFIXES)
