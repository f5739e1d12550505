"""Python functions of a user's own: what builds a row's command, and which card is better."""
