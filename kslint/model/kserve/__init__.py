"""What the KServe controller makes of an InferenceService, by version."""
