"""What a scanning station does with paper: envelopes, their sheets, and how a page looks."""
