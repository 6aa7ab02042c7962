"""PDFs land: which files are new, whether they are whole, and who is told of them."""
