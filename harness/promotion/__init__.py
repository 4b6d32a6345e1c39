"""Tiers, approvals and the ledger: which candidate may reach whom, who said so, and a record that keeps it."""
