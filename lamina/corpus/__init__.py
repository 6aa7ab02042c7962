"""PDFs to pages to verdicts; PDF libraries are known only in `pages`."""
