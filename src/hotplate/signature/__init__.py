"""Signature: what a function takes and gives, between Python and JSON."""

from __future__ import annotations

from .schema import Schemas as Schemas
from .signature import Description as Description, Signature as Signature
