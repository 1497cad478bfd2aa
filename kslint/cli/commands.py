"""The application with all its commands: importing their modules registers them."""

from kslint.cli import check, config, graph, init, render, rules
from kslint.cli.root import app

__all__ = ["app", "check", "config", "graph", "init", "render", "rules"]
