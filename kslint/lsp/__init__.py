"""The language server: findings, hover and quick fixes in editors, on unsaved text."""
