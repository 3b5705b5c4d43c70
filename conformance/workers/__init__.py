"""Who is asked: processes, what confines them, their environments, adapters and targets."""
