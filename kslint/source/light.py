"""PyYAML's C parser without the rest of PyYAML, whose import costs more than checking a file.

Good for a process that never needs the rest, such as a plain `kslint check`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

_ERRORS = {
    "composer": "ComposerError", "constructor": "ConstructorError", "emitter": "EmitterError",
    "parser": "ParserError", "reader": "ReaderError", "representer": "RepresenterError",
    "scanner": "ScannerError", "serializer": "SerializerError",
}  # fmt: skip
"""What the C extension asks of the modules it can do without (yaml/_yaml.pyx, 6.0.1 to 6.0.3)."""
_UNMARKED = {"EmitterError", "ReaderError", "RepresenterError", "SerializerError"}
"""Those that carry no position."""


def install() -> None:
    """Let `import yaml` mean the C parser, its events and its errors, from now on.

    Does nothing where PyYAML is imported already, or has no C parser.
    """
    if "yaml" in sys.modules:
        return
    before = set(sys.modules)
    try:
        _install()
    except Exception:  # noqa: BLE001  (another PyYAML than we know: all of it, then)
        for name in set(sys.modules) - before:
            if name.partition(".")[0] == "yaml":
                del sys.modules[name]


def _install() -> None:
    spec = PathFinder.find_spec("yaml")
    package: Any = ModuleType("yaml")
    package.__path__ = (spec and spec.submodule_search_locations) or []
    sys.modules["yaml"] = package
    errors: Any = import_module("yaml.error")
    for name in ("events", "nodes", "tokens"):
        import_module(f"yaml.{name}")
    for name, error in _ERRORS.items():
        module = ModuleType(f"yaml.{name}")
        base = errors.YAMLError if error in _UNMARKED else errors.MarkedYAMLError
        setattr(module, error, type(error, (base,), {}))
        setattr(package, name, module)
        sys.modules[module.__name__] = module
    package.MarkedYAMLError = errors.MarkedYAMLError
    import_module("yaml._yaml")
