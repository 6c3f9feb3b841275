"""Programs that run other people's recognizers, each in an environment of its own; nothing here is imported."""
