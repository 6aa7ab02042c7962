"""The text on its way: pages as read, verdicts as judged, rows as built. No stage owns it."""
