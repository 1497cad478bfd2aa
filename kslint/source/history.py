"""What a git revision holds, to tell what a change brings. Asked for by `--changed` only.

git runs here and nowhere else in kslint. It reads its object database: no working tree, no index,
so no filter, hook or monitor that a repository may configure is run; and it is kept from
fetching what a partial clone lacks. What changed is told by comparing blob ids with the bytes
that kslint reads itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING

from kslint.source.files import Source
from kslint.source.programs import on_path

if TYPE_CHECKING:
    from collections.abc import Iterable, KeysView

HEAD = "HEAD"
_QUIET = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "", "GIT_OPTIONAL_LOCKS": "0"}
_BLOBS = ("100644", "100755")
_SHA1_DIGITS = 40


class HistoryError(Exception):
    """git is missing, this is no repository, or there is no such revision."""


class History:
    """The files of a revision, links aside; `files` are their absolute paths.

    `commit` is its id, "" where there is none yet.
    """

    def __init__(self, ids: dict[str, str], commit: str = "") -> None:
        self._ids = ids
        self.commit = commit
        self.files: KeysView[str] = ids.keys()

    @classmethod
    def of(cls, revision: str = HEAD, exactly: bool = False) -> History:
        """The commit where the current branch left `revision`; that itself, if it is an ancestor.

        With `exactly` it is that itself in any case.

        Of the repository that holds the working directory. A repository without a commit has an
        empty history. Raises HistoryError.
        """
        top = os.fsdecode(_git("rev-parse", "--show-toplevel").removesuffix(b"\n"))
        try:
            commit = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except HistoryError:
            if revision == HEAD:
                return cls({})
            raise HistoryError(
                f"unknown revision `{revision}`; in a shallow clone, fetch the history first"
            ) from None
        # fails where they are unrelated, or where a shallow clone is cut off
        with contextlib.suppress(HistoryError):
            if not exactly:
                commit = _git("merge-base", commit.decode().strip(), HEAD).split(b"\n")[0]
        listing = _git("ls-tree", "-r", "-z", "--full-tree", commit.decode().strip())
        ids = {}
        for entry in listing.split(b"\0")[:-1]:
            facts, _, path = entry.partition(b"\t")
            mode, _, blob = facts.decode().split(" ")
            if mode in _BLOBS:
                ids[os.path.join(top, *os.fsdecode(path).split("/"))] = blob
        return cls(ids, commit.decode().strip())

    def holds(self, source: Source) -> bool:
        """Has the revision this file with these bytes? Line ends that git converts are equal."""
        known = self._ids.get(os.path.abspath(source.name))
        if known is None:
            return False
        data = source.data
        return known == _blob_id(data, known) or (
            b"\r\n" in data and known == _blob_id(data.replace(b"\r\n", b"\n"), known)
        )

    def read(self, files: Iterable[tuple[str, str]]) -> list[Source]:
        """Files as they were, given by absolute path and the name to show.

        Those that the revision does not have are left out.
        """
        asked = [(path, name) for path, name in files if path in self._ids]
        answer = _git("cat-file", "--batch", stdin="".join(f"{self._ids[p]}\n" for p, _ in asked))
        sources = []
        begin = 0
        for _, name in asked:
            end = answer.find(b"\n", begin)
            facts = answer[begin:end].split(b" ")  # id, type and size; or id and `missing`
            if facts[-1] == b"missing":
                raise HistoryError(f"git lacks the content of {name} in that revision")
            begin = end + 1 + int(facts[-1])
            sources.append(Source(name, answer[end + 1 : begin], named=False))
            begin += 1
        return sources


def _blob_id(data: bytes, like: str) -> str:
    """The id that git gives a file: by SHA-1 or SHA-256, by the length of another id."""
    text = b"blob %d\0%b" % (len(data), data)
    if len(like) == _SHA1_DIGITS:
        return hashlib.sha1(text, usedforsecurity=False).hexdigest()
    return hashlib.sha256(text).hexdigest()


def _git(*arguments: str, stdin: str = "") -> bytes:
    """What a git command prints. Raises HistoryError with git's own last words."""
    import subprocess

    program = on_path("git")
    if program is None:
        raise HistoryError("git is not installed")
    done = subprocess.run(  # noqa: S603  (git, by its full path, with words of ours)
        [program, *arguments],
        input=stdin.encode(),
        capture_output=True,
        env={**os.environ, **_QUIET},
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").split("\n")
        words = next((line for line in lines if line.startswith("fatal: ")), "")
        raise HistoryError(words.removeprefix("fatal: ") or f"git {arguments[0]} failed")
    return done.stdout
