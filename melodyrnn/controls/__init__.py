"""What a composer may ask for."""
