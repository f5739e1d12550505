"""What a person at a terminal sees: the live view (`live`), and the summary at the end (`summary`)."""
