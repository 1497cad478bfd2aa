"""The VS Code extension agrees with kslint and with itself; CI builds it and runs its tests."""

from __future__ import annotations

import json
import re
from typing import Any

from cases import ROOT

from kslint import __version__
from kslint.config.file import schema_text
from kslint.source.files import CONFIG_FILES

FOLDER = ROOT / "editors/vscode"


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    return found


def source() -> str:
    return (FOLDER / "src/extension.ts").read_text(encoding="utf-8")


def test_it_has_the_version_of_kslint() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    assert manifest()["version"] == lock["version"] == __version__


def test_what_it_contributes_is_what_it_uses() -> None:
    contributes = manifest()["contributes"]
    commands = {one["command"] for one in contributes["commands"]}
    assert commands == set(re.findall(r'registerCommand\("([^"]+)"', source()))
    settings = contributes["configuration"]["properties"].keys() - {"kslint.trace.server"}
    assert settings == {f"kslint.{key}" for key in re.findall(r'settings\.get\("(\w+)"', source())}


def test_a_folder_that_is_not_trusted_says_nothing_of_what_to_run() -> None:
    restricted = manifest()["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    assert restricted == ["kslint.path", "kslint.arguments"]


def test_the_configuration_is_validated_by_its_schema() -> None:
    (validation,) = manifest()["contributes"]["yamlValidation"]
    assert set(validation["fileMatch"]) == set(CONFIG_FILES)
    assert validation["url"] == json.loads(schema_text())["$id"]


def test_the_lock_is_whole_and_names_no_host() -> None:
    text = (FOLDER / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert all("integrity" in one for name, one in packages.items() if name)
    assert '"resolved"' not in text
