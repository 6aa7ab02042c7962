"""The demo's own world: sample handbooks, their questions, and a tiny base that knows neither."""
