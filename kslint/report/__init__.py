"""Reports: findings in one format each. They know findings and nothing of rules or models."""
