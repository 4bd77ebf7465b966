"""Case numbers: （year）court, type, serial; written with full-width brackets, read with either."""

import re

from central.web.refused import Refused

_BY_SIGN = {"民": "civil", "刑": "criminal", "行": "administrative", "执": "enforcement"}
_NUMBER = re.compile(r"^（(\d{4})）(\S{1,12}?)(\D{1,12}?)(\d{1,8})号(?:之\S{1,3})?$")


def read_number(text: str) -> str:
    """The number as it is stored; raises Refused for what is none."""
    number = "".join(text.split()).replace("(", "（").replace(")", "）")
    if not _NUMBER.match(number) or len(number) > 60:
        raise Refused(
            "“{number}”不是案号，应写成“（2026）苏0206民初123号”。", code="bad_case_number", status=422, number=text
        )
    return number


def type_of(number: str) -> str:
    """What kind of case its number says it is."""
    return next((_BY_SIGN[character] for character in number if character in _BY_SIGN), "other")
