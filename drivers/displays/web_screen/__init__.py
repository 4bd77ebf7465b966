"""A page on a screen: notices in Chromium, blank as soon as they expire."""
