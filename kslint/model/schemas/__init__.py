"""What the API server's schemas say: tables by family, definitions of the input, one walk."""
