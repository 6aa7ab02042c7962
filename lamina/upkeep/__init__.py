"""What a store no longer needs."""
