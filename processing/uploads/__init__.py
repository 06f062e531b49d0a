"""Uploads: from the first byte of a body to a file in the store, and from the store to a reader."""
