"""What the API server refuses of an object, in its own words."""
