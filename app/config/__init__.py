"""The scheduler's settings file."""

from app.config.load import Loaded, load, loaded_of, settings_of, taken_up, with_value

__all__ = ["Loaded", "load", "loaded_of", "settings_of", "taken_up", "with_value"]
