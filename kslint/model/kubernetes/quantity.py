"""Kubernetes quantities, exact: `500m`, `2Gi`, `1e3`. Never floats.

Mirrors k8s.io/apimachinery pkg/api/resource/{quantity,suffix,math}.go (v0.34): the grammar,
the rounding up below one nano, the canonical form, numeric comparison.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache, total_ordering

_FORM = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eE][-+]?[0-9]+|[a-zA-Z]*)", re.ASCII)
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_BINARY_FACTOR = {suffix: 1 << (10 * i) for i, suffix in enumerate(_BINARY) if suffix}
_DECIMAL_POWER = {suffix: power for power, suffix in _DECIMAL.items()}
_GRAMMAR = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_NANO = Fraction(1, 10**9)
_MAX = 2**63 - 1
_MAX_DIGITS = 400
"""Longer numerals are refused before any arithmetic; upstream's big decimals end there too."""

DECIMAL, BINARY, EXPONENT = "DecimalSI", "BinarySI", "DecimalExponent"


class QuantityError(ValueError):
    """Not a Kubernetes quantity. The message is the API server's."""


@total_ordering
class Quantity:
    """An exact amount and the format it was written in."""

    __slots__ = ("_milli", "amount", "format")

    def __init__(self, amount: Fraction | int, format: str = DECIMAL) -> None:
        self.amount = Fraction(amount)
        self.format = format
        self._milli: int | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.amount == other.amount

    def __lt__(self, other: Quantity) -> bool:
        return self.amount < other.amount

    def __hash__(self) -> int:
        return hash(self.amount)

    def __repr__(self) -> str:
        return f"Quantity({self})"

    def __str__(self) -> str:
        """The canonical form: no fraction, the largest suffix that allows it."""
        amount = self.amount
        if self.format == BINARY and abs(amount) >= 1024:
            return self._binary(amount)
        return self._decimal(amount)

    def _binary(self, amount: Fraction) -> str:
        whole = _ceil(amount)  # a binary quantity has no fractions
        power = 0
        while power < len(_BINARY) - 1 and whole % 1024 == 0 and whole:
            whole //= 1024
            power += 1
        return f"{whole}{_BINARY[power]}"

    def _decimal(self, amount: Fraction) -> str:
        nanos = _ceil(amount / _NANO)
        power = -9
        while power < 18 and nanos % 1000 == 0 and nanos:
            nanos //= 1000
            power += 3
        if not nanos:
            return "0"
        if self.format == EXPONENT:
            return f"{nanos}e{power}" if power else str(nanos)
        return f"{nanos}{_DECIMAL[power]}"

    def milli(self) -> int:
        """Thousandths, rounded up, as ResourceList defaulting and MilliValue() do."""
        if self._milli is None:  # `parse` gives the same few amounts again and again
            self._milli = _ceil(self.amount * 1000)
        return self._milli

    def whole(self) -> int:
        """Units, rounded up, as Value() does."""
        return _ceil(self.amount)


@lru_cache(maxsize=4096)
def parse(text: str) -> Quantity:
    """Parse a quantity. Raises QuantityError with the API server's own words."""
    match = _FORM.fullmatch(text) if len(text) <= _MAX_DIGITS else None
    if match is None:
        raise QuantityError(_GRAMMAR)
    sign, digits, fraction, suffix = match.groups()
    if not (digits or fraction) or suffix.strip("eEinumkKMGTP+-0123456789"):
        raise QuantityError(_GRAMMAR)
    amount = Fraction(int((digits or "") + (fraction or "")), 10 ** len(fraction or ""))
    if sign == "-":
        amount = -amount
    factor, written_as = _suffix(suffix)
    amount *= factor
    if amount and abs(amount) < _NANO:
        amount = _NANO if amount > 0 else -_NANO
    elif written_as != BINARY:
        amount = _ceil(amount / _NANO) * _NANO if amount > 0 else -(_ceil(-amount / _NANO) * _NANO)
    if abs(amount) > _MAX:
        amount = Fraction(_MAX if amount > 0 else -_MAX)
    return Quantity(amount, written_as)


def _suffix(suffix: str) -> tuple[Fraction, str]:
    if suffix in _BINARY_FACTOR:
        return Fraction(_BINARY_FACTOR[suffix]), BINARY
    if suffix in _DECIMAL_POWER:
        return Fraction(10) ** _DECIMAL_POWER[suffix], DECIMAL
    if suffix[:1] in ("e", "E") and len(suffix) > 1 and suffix[1:].lstrip("+-").isdigit():
        power = int(suffix[1:])
        return Fraction(10) ** max(min(power, 1000), -1000), EXPONENT
    raise QuantityError("unable to parse quantity's suffix")


def parse_or_none(text: str | None) -> Quantity | None:
    """The quantity, or None where there is none or it is invalid (another rule says so)."""
    if text is None:
        return None
    try:
        return parse(text)
    except QuantityError:
        return None


def _ceil(value: Fraction) -> int:
    return -((-value.numerator) // value.denominator)
