"""How an InferenceService is reached: hosts, HTTPRoutes, Ingresses."""
