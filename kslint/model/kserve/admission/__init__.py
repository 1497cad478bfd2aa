"""What KServe's webhooks and controllers refuse, by kind."""
