"""What only VISCA must keep: its bytes, positions with their sign, and cameras that never say that they are done."""

import pytest

from devices.errors import WishRejected
from drivers.cameras.visca import wire
from drivers.cameras.visca.emulator import stored
from tests.contracts.rig import rig
from tests.drivers.products import vectors


def test_what_is_said_and_heard_has_the_published_form() -> None:
    rows = {
        row["meaning"]: bytes.fromhex(row["hex"]) for way in ("questions", "answers") for row in vectors("visca")[way]
    }
    assert wire.ask_position(1).to_bytes() == rows["position of camera 1"]
    assert wire.recall(1, 5).to_bytes() == rows["recall position 5"]
    [place] = wire.answer_framer().feed(rows["position -500, 50"])
    assert place.position == (-500, 50) and place.camera == 1
    [refusal] = wire.answer_framer().feed(rows["camera 3, not executable"])
    assert (refusal.camera, refusal.refusal) == (3, wire.NOT_NOW)
    assert wire.answer_framer().feed(rows["recall position 5"]) == []


async def test_a_camera_that_never_says_done_is_believed_by_its_position() -> None:
    async with rig("cameras/visca", timeout_s=5.0, says_done=False, move_s=0.2) as camera:
        shown = await camera.device.show("bench")
        assert (shown.pan, shown.tilt) == stored(1)


async def test_a_position_the_camera_has_not_is_rejected() -> None:
    async with rig("cameras/visca", timeout_s=5.0, views={"wide": 0, "far": 200}, stored_positions=16) as camera:
        with pytest.raises(WishRejected, match="no stored position 200"):
            await camera.device.show("far")
