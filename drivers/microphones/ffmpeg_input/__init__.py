"""Any sound that ffmpeg can take in."""
