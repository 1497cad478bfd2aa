"""CEL: rules that users write, and those that definitions carry, evaluated in a process apart."""
