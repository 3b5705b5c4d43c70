"""What is known to deviate, and what a run departs from: the ledger, the gate, their upkeep."""
