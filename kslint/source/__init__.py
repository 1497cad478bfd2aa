"""From bytes to positioned values. This room knows YAML and files, and nothing of Kubernetes."""
