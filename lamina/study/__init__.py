"""Rows that teach: from the pages of documents to questions with answers."""
