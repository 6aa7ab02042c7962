import pytest
import tiny_gguf

from lamina.errors import InvalidInputError
from lamina.serving.chat import FORMATS, ChatTemplate


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


@pytest.fixture
def template() -> ChatTemplate:
    return ChatTemplate(tiny_gguf.TEMPLATE, bos="<s>", eos="</s>")


def test_a_conversation_is_written_as_the_template_says(template: ChatTemplate) -> None:
    messages = [user("one"), {"role": "assistant", "content": "two"}, user("three")]

    assert template.render(messages) == "<s>[INST] one [/INST] two</s>[INST] three [/INST]"


def test_a_system_message_goes_before_the_first_question_where_the_template_refuses_it(
    template: ChatTemplate,
) -> None:
    messages = [{"role": "system", "content": "Be brief."}, user("one")]

    assert template.render(messages) == "<s>[INST] Be brief.\n\none [/INST]"


def test_a_template_cannot_reach_the_interpreter() -> None:
    hostile = ChatTemplate("{{ messages.__class__.__mro__ }}", bos="", eos="")

    with pytest.raises(InvalidInputError):
        hostile.render([user("one")])


def test_a_template_cannot_change_the_messages() -> None:
    hostile = ChatTemplate("{{ messages.append(1) }}", bos="", eos="")

    with pytest.raises(InvalidInputError):
        hostile.render([user("one")])


@pytest.mark.parametrize("name", FORMATS)
def test_every_named_format_renders(name: str) -> None:
    text = ChatTemplate(FORMATS[name], bos="<s>", eos="</s>").render([user("one")])

    assert "one" in text
