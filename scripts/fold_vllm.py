"""Fold the vLLM flag and environment tables (YAML) into the compact JSON that kslint ships.

Usage: fold_vllm.py FLAGS.yaml ENV.yaml OUTPUT_DIRECTORY

The YAML tables were read out of vLLM's own argparse parser and `vllm/envs.py` at sampled
releases; empty fields and what kslint never asks (groups, defaults of objects) are left out.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import yaml

Table = dict[str, dict[str, Any]]
KEPT = ("type", "choices", "nargs", "negatable", "form", "replacement", "note", "first_seen")
SAMPLES = re.compile(r"Sampled versions[^:]*: ([0-9., ]+)")


def entry(item: dict[str, Any]) -> dict[str, Any]:
    """One flag or variable, less what is empty."""
    folded = {key: item[key] for key in KEPT if item.get(key) not in (None, "", False, [])}
    if "choices" in folded:
        folded["choices"] = [str(choice) for choice in folded["choices"]]
    if gone := item.get("absent_at") or item.get("gone_in"):
        folded["gone"] = gone
    return folded


def fold_flags(document: dict[str, Any], samples: list[str]) -> dict[str, Any]:
    flags: Table = {}
    short: dict[str, str] = {}
    for section in ("flags", "removed_flags", "later_flags"):
        for item in document[section]:
            name = item["name"]
            if not name.startswith("--"):  # a short form that came later: `-dc`
                continue
            flags[name[2:]] = entry(item)
            for alias in item.get("aliases", ()):
                short[alias[1:]] = name[2:]
    registries = {key: sorted(values) for key, values in document["registries"].items()}
    return {"samples": samples, "flags": flags, "short": short, "registries": registries}


def fold_env(document: dict[str, Any], samples: list[str]) -> dict[str, Any]:
    variables: Table = {}
    for section in ("env", "removed_env", "later_env"):
        for item in document[section]:
            variables[item["name"]] = entry(item)
    read = [item["name"] for item in document["unlisted_but_read"]]
    related = [item["name"] for item in document["related_env"]]
    meant = {item["name"]: item["meant"] for item in document["common_misnomers"]}
    return {
        "samples": samples,
        "env": variables,
        "read": sorted(read),
        "related": sorted(related),
        "meant": meant,
    }


def load(path: str) -> tuple[dict[str, Any], str]:
    with open(path, encoding="utf-8") as handle:
        text = handle.read()
    return yaml.safe_load(text), text


def save(path: str, data: dict[str, Any]) -> None:
    """One line for each flag or variable, so that a change is a readable diff."""
    lines = []
    for key, value in data.items():
        if isinstance(value, dict):
            rows = [f"{json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in value.items()]
            lines.append(f"{json.dumps(key)}: {{\n" + ",\n".join(sorted(rows)) + "\n}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    with open(path, "w", encoding="utf-8") as handle:
        handle.write("{\n" + ",\n".join(lines) + "\n}\n")


def main(arguments: list[str]) -> int:
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    flags_path, env_path, output = arguments
    flags, text = load(flags_path)
    found = SAMPLES.search(text.replace("\n# ", " "))
    if found is None:
        print(f"{flags_path}: names no sampled versions", file=sys.stderr)
        return 1
    samples = re.findall(r"[0-9]+(?:\.[0-9]+)+", found.group(1))
    env, _ = load(env_path)
    save(f"{output}/flags.json", fold_flags(flags, samples))
    save(f"{output}/env.json", fold_env(env, samples))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
