"""Wrong rules and legal rewritings, as data that is carried out in a working precision."""
