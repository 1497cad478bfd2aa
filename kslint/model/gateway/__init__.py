"""The Gateway API: Gateways, their classes and what attaches to them."""
