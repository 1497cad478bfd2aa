"""Objects and the references between them, with look-ups that know three answers."""
