"""What people see: the look of every page, its words in two languages, the session's cookie and its forms."""
