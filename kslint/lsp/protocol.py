"""The protocol's own layer: whatever a client sends, a request gets an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol

from kslint.lsp.uris import is_uri

if TYPE_CHECKING:
    from collections.abc import Iterator


class Protocol(LanguageServerProtocol):
    """pygls waits for nobody who sent what it cannot read: neither does its client hear of it."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """The message that a client's data is. Refuses URIs that pygls would break on."""
        try:
            if "jsonrpc" in data and not all(map(is_uri, _uris(data.get("params")))):
                raise JsonRpcInvalidParams("a URI cannot be read")
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], None, error.to_response_error())
            raise


def _uris(params: Any) -> Iterator[str]:
    """Everything in a message's parameters that should be a URI."""
    stack = [params]
    while stack:
        found = stack.pop()
        if isinstance(found, list):
            stack += found
        elif isinstance(found, dict):
            for key, value in found.items():
                if isinstance(value, str) and key.lower().endswith("uri"):
                    yield value
            stack += found.values()
