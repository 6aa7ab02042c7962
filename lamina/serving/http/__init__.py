"""From a request to its reply: `guard`, `requests`, `routes`, `replies`."""
