"""A melody as a file, and back: what readers give, what writers take, a folder for each family of formats."""
