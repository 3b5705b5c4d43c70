"""What does a change do to which optimizer: base against branch, in words."""
