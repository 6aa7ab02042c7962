"""From the pages that a layer is trained on to rows that teach what stands on them."""
