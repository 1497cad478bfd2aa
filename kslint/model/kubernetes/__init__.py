"""What Kubernetes itself does: quantities, pods, defaults, rollouts, nodes."""
