"""Tables of tasks, as FlowLine has them: a row a task, in csv, xlsx, json or jsonl."""

from app.tables.read import is_table, read_table

__all__ = ["is_table", "read_table"]
