"""How a model gets into a pod: sources, credentials, initializer, modelcars, storage specs."""
