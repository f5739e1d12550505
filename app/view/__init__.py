"""What a person at a terminal sees: the live view, and the summary at the end."""

from app.view.live import LiveView, suits
from app.view.summary import print_summary, summary, whole_lines

__all__ = ["LiveView", "print_summary", "suits", "summary", "whole_lines"]
