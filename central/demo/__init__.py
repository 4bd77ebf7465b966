"""A small court on emulated hardware: to look at, to train on, and to prove the main job with."""
