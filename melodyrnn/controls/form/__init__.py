"""Controls of a melody's course: what returns, and how it closes."""
