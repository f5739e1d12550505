"""The verbs of `./gpulane` for what runs already."""
