"""Runs that lose nothing: journal, keys, schedule, shards, cluster, and what confines a worker."""
