"""Kerong KR-CU12 and KR-CU16 lock boards."""
