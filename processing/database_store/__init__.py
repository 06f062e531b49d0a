"""The upload store that is in the database: files as rows of 256 KiB."""
