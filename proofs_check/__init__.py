"""Every checkable claim of the documents, verified, corrected or refuted: ``python -m proofs_check``."""

from __future__ import annotations

from .claim import Budget, Check, Claim
from .claims import m_labpal
from .verify import Result, verify, verify_all

SECTIONS = {  # letter -> title, module
    "M": ("LABPAL bookkeeping", m_labpal),
}
CLAIMS: dict[str, Claim] = {claim.id: claim for _, module in SECTIONS.values() for claim in module.CLAIMS}

__all__ = ["CLAIMS", "SECTIONS", "Budget", "Check", "Claim", "Result", "verify", "verify_all"]
