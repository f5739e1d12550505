"""Command files: text to tasks and faults, and back."""

from app.command_file.document import Document
from app.command_file.parse import Parsed, parse
from app.command_file.read import read
from app.command_file.render import render
from app.command_file.syntax import check_scripts

__all__ = ["Document", "Parsed", "check_scripts", "parse", "read", "render"]
