"""What Courtside costs, measured against bare loops in the same run (`make bench`)."""
