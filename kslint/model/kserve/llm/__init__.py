"""LLMInferenceServices: configs, pools, router and storage."""
