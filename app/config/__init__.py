"""The scheduler's settings file."""

from app.config.load import Loaded, load, settings_of, with_value

__all__ = ["Loaded", "load", "settings_of", "with_value"]
