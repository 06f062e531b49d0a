"""The console: one page for people, on top of the API that programs use."""
