"""Base64 as Go reads it: encoding/base64 StdEncoding (decodeQuantum), which skips line breaks."""

from __future__ import annotations

_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def stop(text: str) -> int | None:
    """The byte at which Go stops to decode a text; None if it does not."""
    signs = [(i, sign) for i, sign in enumerate(text) if sign not in "\r\n"]
    at = 0
    while at < len(signs):
        quantum = signs[at : at + 4]
        for number, (index, sign) in enumerate(quantum):
            if sign in _BASE64:
                continue
            if sign != "=" or number < 2:
                return index
            if number == 2 and (len(quantum) < 4 or quantum[3][1] != "="):
                return len(text) if len(quantum) < 4 else quantum[3][0]
            rest = signs[at + 4 :]
            return rest[0][0] if rest else None
        if len(quantum) < 4:
            return quantum[0][0] if len(quantum) == 1 else len(text) - len(quantum)
        at += 4
    return None
