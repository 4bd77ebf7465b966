"""Network relay board "ETH": relays that release latches, inputs that see doors."""
