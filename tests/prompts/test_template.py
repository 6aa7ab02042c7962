from datetime import datetime

import pytest
import vocabularies

from lamina.errors import InvalidInputError
from lamina.prompts import FORMATS, ChatTemplate
from lamina.prompts.template import chat_template


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


@pytest.fixture
def template() -> ChatTemplate:
    return ChatTemplate(vocabularies.MISTRAL, bos="<s>", eos="</s>")


def test_a_conversation_is_written_as_the_template_says(template: ChatTemplate) -> None:
    messages = [user("one"), {"role": "assistant", "content": "two"}, user("three")]

    assert template.render(messages) == "<s>[INST] one [/INST]two</s>[INST] three [/INST]"


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


def rendered(source: str, messages: list[dict[str, str]]) -> str:
    return ChatTemplate(source, bos="<s>", eos="</s>").render(messages)


def test_a_template_may_skip_messages_as_llama_3s_do() -> None:
    skipping = "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.content }}"

    assert rendered(skipping + "{% endfor %}", [user("one"), user("two")]) == "two"


def test_a_template_may_ask_for_the_date() -> None:
    year = rendered("{{ strftime_now('%Y') }}", [user("one")])

    assert datetime.now().astimezone().year - int(year) in {0, 1}


def test_a_template_that_marks_what_the_model_says_writes_the_same_text() -> None:
    marked = "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"

    assert rendered(marked, [user("one")]) == "one"


def test_json_in_a_template_is_not_escaped_for_html() -> None:
    assert rendered("{{ messages[0].content | tojson }}", [user("<\u00e9>")]) == '"<\u00e9>"'


def test_a_template_is_compiled_once_a_process() -> None:
    assert chat_template("{{ 1 }}", bos="", eos="") is chat_template("{{ 1 }}", bos="", eos="")
