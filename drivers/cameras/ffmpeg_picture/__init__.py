"""Any camera whose picture ffmpeg can take in."""
