"""The claims, one file per section of the ledger: A risk, B schedules, C deterministic searches, ..."""
