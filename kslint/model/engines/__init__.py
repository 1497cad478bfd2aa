"""What a model server's command line, environment and image mean."""
