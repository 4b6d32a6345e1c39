"""An append-only ledger: a Merkle tree over entries in SQL, signed checkpoints, witnesses, and offline proofs."""
