"""REST v1 in Twilio's shape (docs/rest.md): forms in, JSON out. Every change goes through the core's commands."""
