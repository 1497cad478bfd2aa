"""Charts of the input, rendered by the user's own helm: for `--render` alone, which starts it."""
