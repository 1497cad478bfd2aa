"""Argo CD, Helm and remote sources: what deploys what, with which values, in which order."""
