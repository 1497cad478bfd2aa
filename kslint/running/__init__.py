"""A run: rules over the model, on all cores, again only where something changed, and fixes."""
