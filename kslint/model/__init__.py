"""What the systems do with the manifests: effective state and origins, no opinions."""
