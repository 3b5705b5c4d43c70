"""What a device does: its roots, divisions and powers measured, and its run as a page."""
