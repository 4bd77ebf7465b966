"""Why a file is not taken, in words: what is wrong with it, and what to do."""

from collections.abc import Mapping
from typing import Any

from central.web.refused import Said

WHY: Mapping[str, str] = {
    "empty": "文件是空的，没有收入卷宗。请重新导出或重新扫描。",
    "unknown": "认不出这是什么文件。可以收 PDF、图片（JPEG、PNG、TIFF）、Word 文稿（DOCX）和装有这些文件的 ZIP。",
    "office": "这是表格、演示文稿、带宏的文稿或旧格式的 Word 文稿，不能作为卷宗页面。请另存为 PDF 后再收。",
    "no_office": "中心没有装 LibreOffice，收不了 Word 文稿。请安装软件包 libreoffice-writer-nogui，或另存为 PDF 再收。",
    "no_shield": "这是 Word 文稿，中心的系统不许把 LibreOffice 与网络隔开，所以没有打开。请另存为 PDF 后再收。",
    "not_converted": "LibreOffice 打不开这份 Word 文稿，没有收入卷宗。请另存为 PDF 后再收。",
    "encrypted": "文件有密码，打不开。请用去掉密码的文件重新收。",
    "script": "PDF 里带有脚本或会启动程序的动作，为安全起见不收。请用“打印为 PDF”另存一份再收。",
    "damaged": "文件不完整或已损坏，打不开。请重新导出或重新扫描。",
    "too_many_pixels": "图片有 {n} 百万像素，超过 {most} 百万的上限。请用 300 dpi 重新扫描。",
    "too_small": "图片太小，看不清内容。请用 300 dpi 重新扫描。",
    "too_many_pages": "文件有 {n} 页，超过 {most} 页的上限。请分成几份再收。",
    "too_many_files": "压缩包里有 {n} 个文件，超过 {most} 个的上限。请分成几个压缩包。",
    "bomb": "压缩包解开后大得不正常，疑似压缩炸弹，没有收入卷宗。",
    "nested": "压缩包里还有压缩包，没有收入卷宗。请解开后再收。",
    "too_hungry": "打开这个文件要占用的内存超出上限，没有收入卷宗。请用 300 dpi 重新扫描或重新导出。",
    "too_slow": "打开这个文件用的时间超出上限，没有收入卷宗。请重新导出，或分成几份再收。",
    "crashed": "打开这个文件时，负责打开的程序中断了，没有收入卷宗。请重新导出或重新扫描。",
    "twice": "压缩包里的这个文件已在本案卷宗中，没有重复收入。",
}
"""Code of `opening` -> what the person is told."""


def said(code: str, params: Mapping[str, Any]) -> Said:
    """The sentence of that code."""
    return Said(WHY[code], dict(params))
