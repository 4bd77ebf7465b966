"""Made-up documents of made-up cases, worded by hand without a look at the clues: synthetic, and no proof of a court's
own paper. Each template is filled with names, places, sums and dates by a fixed die."""

import random
from collections.abc import Iterator

TEMPLATES: tuple[tuple[int, str], ...] = (
    (3, "民事起诉状\n原告{a}诉被告{b}健康权纠纷。\n请求：判令被告赔偿{sum}元。\n{day}在{place}，被告的犬只咬伤原告。"),
    (4, "案件受理费预交通知\n{a}：\n你起诉{b}一案，请于收到后七日内预交{sum}元。\n{court}\n{day}"),
    (4, "立案登记审查表\n起诉人：{a}\n被诉人：{b}\n收状日期：{day}\n审查结论：准予登记。"),
    (5, "应诉及举证通知\n{b}：\n{a}诉你承揽合同一案已受理，附诉状副本，请按期举证。\n{court}\n{day}"),
    (6, "答辩意见\n{b}认为{a}的主张没有依据，工程款{sum}元已经结清，请求驳回。\n{day}"),
    (7, "询问证人笔录\n{day}\n问：你什么时候认识{b}？\n答：前年在{place}打工时认识的。"),
    (8, "银行交易流水\n户名：{a}\n期间：{day}起\n摘要：转账支出{sum}元，收款人{b}。"),
    (8, "证人证言\n证人{d}陈述：{day}亲眼看见{b}收下{a}交付的现金{sum}元。"),
    (8, "购销合同\n供方：{a}\n需方：{b}\n品名数量见附表，总价{sum}元，货到付款。\n{day}"),
    (9, "诉前调解笔录\n调解员{c}，{day}\n{a}：要求退还{sum}元。\n{b}：愿意退一半。"),
    (10, "庭前证据交换记录\n{day}，审判员{c}组织{a}、{b}交换证据，记录如下。"),
    (11, "授权委托书（特别授权）\n委托人{a}委托{d}为代理人，可代为和解、提起上诉。\n{day}"),
    (11, "法定代表人证明\n{d}系{b}的法定代表人，任总经理，特此证明。\n{day}"),
    (12, "民事传票\n被传唤人：{a}\n事由：开庭\n时间：{day}\n处所：第七法庭"),
    (12, "变更开庭时间通知\n{a}、{b}：原定的开庭改为{day}上午十时，地点不变。\n{court}"),
    (13, "公告（开庭）\n{a}诉{b}一案定于{day}公开开庭审理，请{b}到庭，逾期依法缺席审理。"),
    (14, "第一次庭审笔录\n审判长{c}：传双方入庭。现在开庭。\n{a}：陈述起诉事实。\n{b}：答辩。\n{day}"),
    (15, "结案审理报告\n承办人{c}\n{a}诉{b}，查明事实：欠款{sum}元属实。\n拟处理意见：支持。"),
    (16, "合议庭合议记录\n{day}，{c}、{d}参加。\n{c}：事实清楚，建议支持。\n{d}：同意。"),
    (17, "民事调解书\n{a}与{b}离婚纠纷一案，双方协议：自愿离婚，子女由原告抚养。\n{court}\n{day}"),
    (17, "撤诉申请\n{a}自愿撤回对{b}的起诉。\n{day}"),
    (18, "审判委员会讨论笔录\n{day}，主持人院长。{c}汇报{a}诉{b}一案，委员讨论后表决。"),
    (19, "{court}\n民事判决书\n原告{a}，被告{b}。本院认为，被告应予赔偿。判决如下：赔偿{sum}元。\n{day}"),
    (19, "{court}\n民 事 裁 定 书\n本院依职权裁定：本案按{a}撤诉处理。\n审判员{c}\n{day}"),
    (20, "宣判记录\n{day}，{c}宣读判决主文，{b}表示不服，要上诉。"),
    (21, "送达回执\n收件人{a}于{day}签收起诉状副本、传票各一份。\n送达人{c}"),
    (21, "特快专递邮件签收单\n收件人：{b}\n地址：{place}\n签收时间：{day}"),
    (22, "上诉书\n上诉人{b}不服{court}判决，请求改判。被上诉人{a}。\n{day}"),
    (23, "退卷通知\n{court}：上诉人{b}一案审结，退还原卷两册。\n{day}"),
    (24, "江南市中级人民法院民事裁定书\n上诉人{b}未预交上诉费，按自动撤回上诉处理。本裁定为终审裁定。\n{day}"),
    (25, "证物移交清单\n移交人：{a}\n证物：手机一部、账册两本\n接收人：{c}\n{day}"),
    (26, "执行申请书\n申请执行人{a}请求执行{b}应付的{sum}元。\n{day}"),
    (26, "执行和解协议\n申请执行人{a}与被执行人{b}约定分期履行{sum}元。\n{day}"),
    (27, "卷宗备考表\n本卷共九十六页，无缺损。立卷人{c}，检查人{d}。\n{day}"),
    (2, "卷内文件目录\n顺序 文件名称 页号\n1 起诉状 1\n2 传票 5\n3 判决书 9"),
    (1, "诉讼卷宗封面\n{court}民事卷宗\n{a}诉{b}\n案由：健康权纠纷\n{day}"),
)  # fmt: skip
_SURNAMES, _NAMES = "欧庄温倪苗耿喻柏臧戚", ("志远", "丽萍", "海波", "建军", "雅琴", "文斌", "桂英", "思雨")
_FIRMS = ("宏图建材有限公司", "顺达运输服务部", "青禾农业合作社", "蓝天幼儿园", "金盾物业管理有限公司")
_PLACES = ("滨江区长河街道江虹路", "天宁区兰陵街道", "吴兴区织里镇富民路", "北塘区黄巷街道", "鼓楼区湖南路")
_COURTS = ("滨江区人民法院", "天宁区人民法院", "吴兴区人民法院")


def documents(number: int, seed: int = 20) -> Iterator[tuple[int, str]]:
    """So many documents as (true item, text), every template in turn."""
    dice = random.Random(seed)

    def person() -> str:
        return dice.choice(_SURNAMES) + dice.choice(_NAMES)

    for index in range(number):
        item, template = TEMPLATES[index % len(TEMPLATES)]
        day = f"{dice.randint(2019, 2026)}年{dice.randint(1, 12)}月{dice.randint(1, 28)}日"
        yield item, template.format(
            a=person(), b=dice.choice((person(), dice.choice(_FIRMS))), c=person(), d=person(), day=day,
            place=dice.choice(_PLACES), place2=dice.choice(_PLACES), court=dice.choice(_COURTS),
            sum=f"{dice.randint(3, 900)}{dice.choice(('00', '000', '万'))}",
        )  # fmt: skip
