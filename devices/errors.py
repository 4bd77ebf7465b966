"""Errors of devices, named by what the caller can do about them."""


class DeviceError(Exception):
    """A device did not do what was asked; the subclass says what the caller can do."""


class DeviceOffline(DeviceError):
    """The device cannot be reached; try again when it is back."""


class DeviceBusy(DeviceError):
    """The device is doing something else; try again in a moment."""


class DeviceFault(DeviceError):
    """The device is reached but cannot work (jam, no paper, burnt relay); a person has to look."""


class WishRejected(DeviceError):
    """The device has nothing by that name or never does that; asking again will not help."""
