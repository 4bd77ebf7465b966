"""Pages are found by what was read on them."""

from central.grams import Grams

PAGES = Grams("page_grams", "page_id")
