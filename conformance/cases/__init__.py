"""What is asked: a case and its arrays, drawn so that rules show themselves, and who gets which."""
