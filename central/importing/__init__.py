"""Tables from elsewhere, taken in whole or not at all: cases and volumes, people, cabinets and cells."""
