"""What ffmpeg says of V4L2 cameras, as recorded on real boxes by others, and what is seen in a picture."""

import pytest

from devices.errors import DeviceBusy, DeviceError, DeviceOffline
from drivers.cameras.ffmpeg_picture.picture import HEIGHT, WIDTH, command, seen
from drivers.ffmpeg import ended

REPORTS = {
    """Input #0, video4linux2,v4l2, from '/dev/video0':
  Duration: N/A, start: 48239.006793, bitrate: 147456 kb/s
    Stream #0:0: Video: rawvideo (YUY2 / 0x32595559), yuyv422, 640x480, 147456 kb/s, 30 fps, 30 tbr, 1000k tbn""": (
        640,
        480,
    ),
    """Input #0, video4linux2,v4l2, from '/dev/video3':
  Duration: N/A, start: 2508.645117, bitrate: N/A
  Stream #0:0: Video: mjpeg (Baseline), yuvj422p(pc, bt470bg/unknown/unknown), 1280x720, 30 fps, 30 tbr""": (1280, 720),
}
NOISE = bytes(60 + n * 7919 % 90 for n in range(WIDTH * HEIGHT))


@pytest.mark.parametrize("report", REPORTS)
def test_the_size_of_a_camera_is_read_from_the_report(report: str) -> None:
    look = seen(NOISE, report)
    assert look is not None and (look.width, look.height) == REPORTS[report] and not look.blank


def test_only_the_last_picture_counts_and_half_of_one_is_none() -> None:
    report = next(iter(REPORTS))
    dark = bytes(WIDTH * HEIGHT)
    settled, unsettled = seen(dark + NOISE, report), seen(NOISE + dark, report)
    assert settled is not None and unsettled is not None and (settled.blank, unsettled.blank) == (False, True)
    assert settled.mark == seen(NOISE, report).mark != unsettled.mark  # type: ignore[union-attr]
    assert seen(NOISE[:-1], report) is None and seen(NOISE, "Conversion failed!") is None


@pytest.mark.parametrize(
    ("report", "kind"),
    [
        ("[video4linux2,v4l2 @ 0x1] ioctl(VIDIOC_STREAMON): Device or resource busy", DeviceBusy),
        ("[http @ 0x1] HTTP error 503 Service Unavailable\nhttp://192.0.2.1/video: Server returned 5XX", DeviceBusy),
        ("[video4linux2,v4l2 @ 0x1] Cannot open video device /dev/video9: No such file or directory", DeviceOffline),
        ("", DeviceOffline),
    ],
)
def test_what_ffmpeg_says_of_a_camera_it_cannot_have(report: str, kind: type[DeviceError]) -> None:
    assert type(ended("v4l2:/dev/video9", report, "picture")) is kind


def test_each_kind_of_camera_is_asked_in_its_own_way() -> None:
    assert command("v4l2:/dev/v4l/by-id/usb-cam")[6:10] == ["-f", "v4l2", "-i", "/dev/v4l/by-id/usb-cam"]
    assert command("rtsp://192.0.2.1/a")[6:10] == ["-rtsp_transport", "tcp", "-i", "rtsp://192.0.2.1/a"]
    assert command("http://192.0.2.1/a")[6:8] == ["-i", "http://192.0.2.1/a"]
    assert command("file:cam.avi")[6:8] == ["-i", "cam.avi"]
