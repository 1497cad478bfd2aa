"""What we object to. Each check asks the model one question and yields problems, nothing else."""
