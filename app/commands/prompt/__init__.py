"""`./gpulane shell`: an interactive prompt, with FlowLine's verbs and the command line's."""
