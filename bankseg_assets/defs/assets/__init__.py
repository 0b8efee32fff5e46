"""The software-defined assets, one file a step: a decorator, a call into the library, metadata."""
