"""Where finished uploads and results are kept: what each kind of place can do, and the kinds.

The one in the database needs models and is a room of its own: processing/database_store.
"""
