"""What our transcriptions of functions that are not available here do, in a probe file's form."""
