"""The gateway: hosts drivers beside the room, journals what they see, obeys central's signed wishes."""
