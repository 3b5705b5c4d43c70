"""What an answer comes to: the oracle, the verdict, why, and the rows of a group."""
