"""What a store no longer needs is found and removed."""
