"""What the commands do with what they were given."""
