"""What counts as one emoji, and how it is spelled.

The rule follows Unicode's (UTS #51): an emoji is a flag of two letters, a keycap, or 1 to 10 pictures joined by ZWJ,
each with a skin tone, or the tags of a regional flag, behind it. Beyond the BMP every character of the blocks of
pictures passes, so that next year's emoji are emoji here. Nothing else does: no letters, no digits alone, nothing
invisible.

U+FE0F, which asks for a picture where a character is text by itself, may be there or not. We put it where Unicode's
fully-qualified form has it, so that nobody's ❤️ is another emoji than somebody else's ❤.
"""

import re

MAX_BYTES = 64

_VS16, _ZWJ, _KEYCAP = "\ufe0f", "\u200d", "\u20e3"
_PICTURES = (  # those of the BMP that are pictures by themselves
    "⌚⌛⏩-⏬⏰⏳◽◾☔☕♈-♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓-❕❗➕-➗➰➿⬛⬜⭐⭕"
)
_TEXTS = "©®‼⁉™ℹ↔-↙↩↪⌨⏏⏭-⏯⏱⏲⏸-⏺Ⓜ▪▫▶◀◻◼☀-☄☎☑☘☝☠☢☣☦☪☮☯☸-☺♀♂♟♠♣♥♦♨♻♾⚒⚔-⚗⚙⚛⚜⚠⚧⚰⚱⛈⛏⛑⛓⛩⛰⛱⛴⛷-⛹✂✈✉✌✍✏✒✔✖✝✡✳✴❄❇❣❤➡⤴⤵⬅-⬇〰〽㊗㊙"
_TEXTS += (  # and beyond it
    "\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f202\U0001f237\U0001f321\U0001f324-\U0001f32c\U0001f336\U0001f37d"
    "\U0001f396\U0001f397\U0001f399-\U0001f39b\U0001f39e\U0001f39f\U0001f3cb-\U0001f3ce\U0001f3d4-\U0001f3df\U0001f3f3"
    "\U0001f3f5\U0001f3f7\U0001f43f\U0001f441\U0001f4fd\U0001f549\U0001f54a\U0001f56f\U0001f570\U0001f573-\U0001f579"
    "\U0001f587\U0001f58a-\U0001f58d\U0001f590\U0001f5a5\U0001f5a8\U0001f5b1\U0001f5b2\U0001f5bc\U0001f5c2-\U0001f5c4"
    "\U0001f5d1-\U0001f5d3\U0001f5dc-\U0001f5de\U0001f5e1\U0001f5e3\U0001f5e8\U0001f5ef\U0001f5f3\U0001f5fa\U0001f6cb"
    "\U0001f6cd-\U0001f6cf\U0001f6e0-\U0001f6e5\U0001f6e9\U0001f6f0\U0001f6f3"
)
_BEYOND = (
    "\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a\U0001f201-\U0001f265\U0001f300-\U0001f3fa\U0001f400-\U0001faff"
)
_TONE, _LETTER, _TAGS = "[\U0001f3fb-\U0001f3ff]", "[\U0001f1e6-\U0001f1ff]", "[\U000e0020-\U000e007e]{1,8}\U000e007f"
_ONE = f"[{_PICTURES}{_TEXTS}{_BEYOND}]{_VS16}?(?:{_TONE}|{_TAGS})?"
_EMOJI = re.compile(f"{_LETTER}{{2}}|[0-9#*]{_VS16}?{_KEYCAP}|{_TONE}|{_ONE}(?:{_ZWJ}{_ONE}){{0,9}}")
_TEXT = re.compile(f"([{_TEXTS}])(?!{_TONE})")


def to_emoji(typed: str) -> str | None:
    """The emoji, in the one way that it is spelled here; None when the text is none, or more than one."""
    if len(typed) > MAX_BYTES or not _EMOJI.fullmatch(typed):
        return None
    plain = typed.replace(_VS16, "")
    emoji = f"{plain[0]}{_VS16}{_KEYCAP}" if plain.endswith(_KEYCAP) else _TEXT.sub(rf"\1{_VS16}", plain)
    return emoji if len(emoji.encode()) <= MAX_BYTES else None
