"""The application with all its commands: importing their modules registers them."""

from kslint.cli import baseline, check, config, diff, graph, init, lsp, render, rules, upgrade
from kslint.cli.root import app

__all__ = [
    "app",
    "baseline",
    "check",
    "config",
    "diff",
    "graph",
    "init",
    "lsp",
    "render",
    "rules",
    "upgrade",
]
