"""What is written on the page, in its three languages."""

from __future__ import annotations

from collections.abc import Mapping

from qwill.core import StepKind

Words = Mapping[str, str]

LANGUAGES = (("English", "en"), ("简体中文", "zh-CN"), ("繁體中文", "zh-TW"))

WORDS: dict[str, Words] = {
    "en": {
        "ask": "Ask something", "send": "Ask", "stop": "Stop", "now": "Answer now", "hint": "A hint for the thought",
        "give": "Give hint", "effort": "Effort", "effort_help": "0 does not think, 4 weighs many thoughts",
        "certainty": "Certainty", "certainty_help": "Think until it is this likely right; 0 leaves it to the effort",
        "model": "Model", "settings": "Settings", "beside": "Side by side: ask twice, and compare",
        "second_model": "Second model", "second_effort": "Second effort",
        "talks": "Conversations", "new": "New", "forget": "Forget this one",
        "file": "File", "drop": "Remove files", "alone": "This model reads questions alone, no files. Choose another.",
        "reads": "Files: {names}",
        "edit": "Edit the thought", "edited": "The thought, yours to change", "go_on": "Go on from here",
        "leave": "Cancel", "again": "gone on from an edited thought",
        "thought": "Thought", "another": "Another thought", "tokens": "tokens", "checks": "Checks", "chart": "Chart",
        "no_chart": "This chart is not drawn", "certain": "likely right", "thoughts": "thoughts weighed",
        "passages": "Passages quoted to the model", "language": "Language",
        "talk": "Talk", "chains": "Chains", "chain": "Chain", "run": "Run", "left_out": "left out",
        "kept": "kept from before",
        StepKind.PLAN: "Plan", StepKind.ASSUME: "Assumption", StepKind.DRAFT: "Draft", StepKind.QUESTION: "Doubt",
        StepKind.CHECK: "Check", StepKind.REFINE: "Refinement", StepKind.RETRIEVE: "Looked up",
        StepKind.CONCLUDE: "Conclusion",
        "budget": "the thought was cut at its limit", "truncated": "the answer was cut at its limit",
        "looped": "the thought went in circles", "stopped": "stopped", "no_answer": "no answer came",
        "engine_error": "the model failed", "declined": "declined", "unclear": "needs to know more",
    },
    "zh-CN": {
        "ask": "请提问", "send": "提问", "stop": "停止", "now": "立即回答", "hint": "给思考一个提示",
        "give": "给出提示", "effort": "思考力度", "effort_help": "0 不思考，4 权衡多条思路",
        "certainty": "把握", "certainty_help": "思考到有这么大把握为止；0 由力度决定",
        "model": "模型", "settings": "设置", "beside": "并排：问两次，作比较",
        "second_model": "第二个模型", "second_effort": "第二种力度",
        "talks": "对话", "new": "新对话", "forget": "删除此对话",
        "file": "文件", "drop": "移除文件", "alone": "这个模型只读问题，不读文件。请换一个模型。",
        "reads": "文件：{names}",
        "edit": "修改思考", "edited": "思考内容，可以修改", "go_on": "从这里继续",
        "leave": "取消", "again": "从修改过的思考继续",
        "thought": "思考", "another": "另一条思路", "tokens": "词元", "checks": "核对", "chart": "图表",
        "no_chart": "此图表未绘制", "certain": "的把握", "thoughts": "条思路参与权衡",
        "passages": "引用给模型的段落", "language": "语言",
        "talk": "对话", "chains": "提示链", "chain": "提示链", "run": "运行", "left_out": "已跳过",
        "kept": "项沿用之前的结果",
        StepKind.PLAN: "计划", StepKind.ASSUME: "假设", StepKind.DRAFT: "推演", StepKind.QUESTION: "存疑",
        StepKind.CHECK: "检验", StepKind.REFINE: "修正", StepKind.RETRIEVE: "查阅", StepKind.CONCLUDE: "结论",
        "budget": "思考到达上限", "truncated": "回答到达上限", "looped": "思考在兜圈子", "stopped": "已停止",
        "no_answer": "没有得出答案", "engine_error": "模型出错", "declined": "已婉拒", "unclear": "需要更多信息",
    },
    "zh-TW": {
        "ask": "請提問", "send": "提問", "stop": "停止", "now": "立即回答", "hint": "給思考一個提示",
        "give": "給出提示", "effort": "思考力度", "effort_help": "0 不思考，4 權衡多條思路",
        "certainty": "把握", "certainty_help": "思考到有這麼大把握為止；0 由力度決定",
        "model": "模型", "settings": "設定", "beside": "並排：問兩次，作比較",
        "second_model": "第二個模型", "second_effort": "第二種力度",
        "talks": "對話", "new": "新對話", "forget": "刪除此對話",
        "file": "檔案", "drop": "移除檔案", "alone": "這個模型只讀問題，不讀檔案。請換一個模型。",
        "reads": "檔案：{names}",
        "edit": "修改思考", "edited": "思考內容，可以修改", "go_on": "從這裡繼續",
        "leave": "取消", "again": "從修改過的思考繼續",
        "thought": "思考", "another": "另一條思路", "tokens": "詞元", "checks": "核對", "chart": "圖表",
        "no_chart": "此圖表未繪製", "certain": "的把握", "thoughts": "條思路參與權衡",
        "passages": "引用給模型的段落", "language": "語言",
        "talk": "對話", "chains": "提示鏈", "chain": "提示鏈", "run": "執行", "left_out": "已略過",
        "kept": "項沿用之前的結果",
        StepKind.PLAN: "計畫", StepKind.ASSUME: "假設", StepKind.DRAFT: "推演", StepKind.QUESTION: "存疑",
        StepKind.CHECK: "檢驗", StepKind.REFINE: "修正", StepKind.RETRIEVE: "查閱", StepKind.CONCLUDE: "結論",
        "budget": "思考到達上限", "truncated": "回答到達上限", "looped": "思考在兜圈子", "stopped": "已停止",
        "no_answer": "沒有得出答案", "engine_error": "模型出錯", "declined": "已婉拒", "unclear": "需要更多資訊",
    },
}  # fmt: skip


def wanted(accept_language: str) -> str:
    """The language of `WORDS` that a browser wants first."""
    first = accept_language.partition(",")[0].lower()
    if not first.startswith("zh"):
        return "en"
    return "zh-TW" if any(mark in first for mark in ("tw", "hk", "mo", "hant")) else "zh-CN"
