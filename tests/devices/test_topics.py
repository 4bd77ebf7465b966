"""Names and topics: what is built is what is read back, and no name reaches into another's topics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import topics
from devices.topics import BadName, GatewayTopics, checked_gateway, checked_name, of_gateway

NAMES = st.from_regex(topics.NAME.pattern.removesuffix("$"), fullmatch=True)


@given(court=NAMES, gateway=NAMES, stream=NAMES)
def test_a_topic_is_read_back_as_the_gateway_it_was_built_for(court: str, gateway: str, stream: str) -> None:
    built = GatewayTopics(court, gateway)
    for topic, rest in [
        (built.journal, "journal"),
        (built.ack, "ack"),
        (built.wish, "wish"),
        (built.desired, "desired"),
        (built.live_journal, "live/journal"),
        (built.live("mic-a", stream), f"live/mic-a/{stream}"),
    ]:
        assert of_gateway(court, topic) == (gateway, rest)


@given(court=NAMES, other=NAMES, gateway=NAMES)
def test_another_courts_topics_are_not_ours(court: str, other: str, gateway: str) -> None:
    if court != other:
        assert of_gateway(court, GatewayTopics(other, gateway).journal) is None


def test_the_host_topic_belongs_to_no_gateway() -> None:
    assert of_gateway("huishan", topics.host("huishan")) is None


def test_topics_are_as_the_design_has_them() -> None:
    built = GatewayTopics("huishan", "locker-a")
    assert built.journal == "courtside/1/huishan/locker-a/journal"
    assert built.homie == "homie/5/locker-a"
    assert topics.host("huishan") == "courtside/1/huishan/host"


@given(NAMES)
def test_names_of_the_alphabet_are_taken(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", "A", "a/b", "a#", "+", "-a", "a-", "é", "a" * 49, "a\n", "a b", "$sys"])
def test_a_name_that_could_reach_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        checked_name(name)


@pytest.mark.parametrize("name", [*sorted(topics.RESERVED), "central-2"])
def test_reserved_names_are_refused_for_gateways_only(name: str) -> None:
    assert checked_name(name) == name
    with pytest.raises(BadName, match="reserved"):
        checked_gateway(name)
