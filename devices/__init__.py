"""What the devices of a court are, and the words in which gateways and central speak of them. No I/O."""
