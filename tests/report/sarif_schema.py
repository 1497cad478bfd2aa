"""What a SARIF 2.1.0 log of ours may hold: the standard's rules for the properties we write.

Stricter than the standard's schema: whatever we do not write is not allowed.
"""

from __future__ import annotations

from typing import Any


def _object(required: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def _list(items: Any, fewest: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": fewest, "uniqueItems": True}


TEXT = {"type": "string", "minLength": 1}
FROM_0 = {"type": "integer", "minimum": 0}
FROM_1 = {"type": "integer", "minimum": 1}
URI = {"type": "string", "pattern": r"^[A-Za-z0-9._~:/%+-]+$"}
LEVEL = {"enum": ["error", "warning", "note"]}
MESSAGE = _object("text", text=TEXT)
REGION = _object(
    "startLine startColumn endLine endColumn",
    startLine=FROM_1,
    startColumn=FROM_1,
    endLine=FROM_1,
    endColumn=FROM_1,
)
ARTIFACT = _object("uri", uri=URI, uriBaseId={"const": "%SRCROOT%"})
PHYSICAL = _object("artifactLocation", artifactLocation=ARTIFACT, region=REGION)
LOCATION = _object(
    "physicalLocation",
    id=FROM_0,
    physicalLocation=PHYSICAL,
    logicalLocations=_list(_object("name fullyQualifiedName", name=TEXT, fullyQualifiedName=TEXT)),
    message=MESSAGE,
)
RULE = _object(
    "id name shortDescription fullDescription help helpUri defaultConfiguration properties",
    id=TEXT,
    name=TEXT,
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=_object("text markdown", text=TEXT, markdown=TEXT),
    helpUri=URI,
    defaultConfiguration=_object("level", level=LEVEL),
    properties=_object(
        "tags precision problem.severity",
        **{
            "tags": _list(TEXT),
            "precision": {"enum": ["very-high", "high", "medium", "low"]},
            "problem.severity": {"enum": ["error", "warning", "recommendation"]},
        },
    ),
)
REPLACEMENT = _object(
    "deletedRegion insertedContent",
    deletedRegion=REGION,
    insertedContent=_object("text", text={"type": "string"}),
)
CHANGE = _object(
    "artifactLocation replacements",
    artifactLocation=ARTIFACT,
    replacements=_list(REPLACEMENT, 1),
)
RESULT = _object(
    "ruleId ruleIndex level message locations partialFingerprints",
    ruleId=TEXT,
    ruleIndex=FROM_0,
    level=LEVEL,
    message=MESSAGE,
    locations=_list(LOCATION, 1),
    relatedLocations=_list(LOCATION, 1),
    partialFingerprints=_object(
        "kslint/v1", **{"kslint/v1": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}
    ),
    baselineState={"enum": ["new", "unchanged"]},
    fixes=_list(_object("description artifactChanges", description=MESSAGE,
                        artifactChanges=_list(CHANGE, 1)), 1),
    suppressions=_list(
        _object("kind", kind={"enum": ["inSource", "external"]}, justification=TEXT)
    ),
)  # fmt: skip
NOTIFICATION = _object(
    "level message associatedRule",
    level=LEVEL,
    message=MESSAGE,
    associatedRule=_object("id index", id=TEXT, index=FROM_0),
    locations=_list(LOCATION, 1),
)
INVOCATION = _object(
    "executionSuccessful",
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications=_list(NOTIFICATION, 1),
)
DRIVER = _object(
    "name version semanticVersion informationUri rules",
    name={"const": "kslint"},
    version=TEXT,
    semanticVersion=TEXT,
    informationUri=URI,
    rules=_list(RULE),
)
RUN = _object(
    "tool columnKind invocations results",
    tool=_object("driver", driver=DRIVER),
    columnKind={"const": "unicodeCodePoints"},
    invocations=_list(INVOCATION, 1),
    results=_list(RESULT),
)
LOG = _object(
    "$schema version runs",
    **{"$schema": URI, "version": {"const": "2.1.0"}, "runs": _list(RUN, 1)},
)
