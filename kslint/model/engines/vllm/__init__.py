"""vLLM as the cluster will run it: command line, environment, device, and what is known of both."""
