"""What can be asked of an optimizer, a document or this tool: a folder a command."""
