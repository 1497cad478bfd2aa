"""What the user's own helm and kustomize make of the input: for `--render` alone."""
