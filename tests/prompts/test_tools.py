"""How chat templates write calls of functions. The templates are cut from those of real models."""

import json

import pytest

from lamina.prompts.template import ChatTemplate
from lamina.prompts.tools import IN_WORDS, call_form, in_words, native_messages

ENDS = frozenset({"</s>", "<|im_end|>", "<|eot_id|>"})
QWEN = (
    "{%- if tools %}{{- '<|im_start|>system\\n# Tools\\n<tools>' }}{%- for tool in tools %}"
    "{{- '\\n' }}{{- tool | tojson }}{%- endfor %}{{- '\\n</tools><|im_end|>\\n' }}{%- endif %}"
    "{%- for message in messages %}{%- if message.role == 'assistant' %}"
    "{{- '<|im_start|>assistant' }}{%- if message.content %}{{- '\\n' + message.content }}"
    '{%- endif %}{%- for call in message.tool_calls %}{{- \'\\n<tool_call>\\n{"name": "\' }}'
    '{{- call.function.name }}{{- \'", "arguments": \' }}{{- call.function.arguments | tojson }}'
    "{{- '}\\n</tool_call>' }}{%- endfor %}{{- '<|im_end|>\\n' }}{%- else %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{%- endif %}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
MISTRAL = (
    "{{- bos_token }}{%- for message in messages %}{%- if message.role == 'user' %}"
    "{%- if tools and loop.first %}{{- '[AVAILABLE_TOOLS] ' + (tools | tojson) }}"
    "{{- '[/AVAILABLE_TOOLS]' }}{%- endif %}{{- '[INST] ' + message.content + '[/INST]' }}"
    "{%- elif message.tool_calls is defined %}{{- '[TOOL_CALLS] [' }}"
    "{%- for call in message.tool_calls %}{%- set out = call.function | tojson %}{{- out[:-1] }}"
    "{%- if call.id | length != 9 %}{{- raise_exception('ids have 9 signs') }}{%- endif %}"
    "{{- ', \"id\": \"' + call.id + '\"}' }}{%- if not loop.last %}{{- ', ' }}{%- endif %}"
    "{%- endfor %}{{- ']' + eos_token }}{%- elif message.role == 'assistant' %}"
    "{{- ' ' + message.content + eos_token }}{%- elif message.role == 'tool' %}"
    "{{- '[TOOL_RESULTS] ' + message.content + '[/TOOL_RESULTS]' }}{%- endif %}{%- endfor %}"
)
LLAMA = (
    "{%- if tools %}{{- 'Functions: ' + (tools | tojson) }}{%- endif %}"
    "{%- for message in messages %}{{- '<|start_header_id|>' + message.role + '\\n' }}"
    "{%- if 'tool_calls' in message %}{%- if message.tool_calls | length != 1 %}"
    "{{- raise_exception('one call at once') }}{%- endif %}"
    "{%- set call = message.tool_calls[0].function %}{{- '{\"name\": \"' + call.name + '\", ' }}"
    "{{- '\"parameters\": ' + (call.arguments | tojson) + '}' }}{%- else %}{{- message.content }}"
    "{%- endif %}{{- '<|eot_id|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant\\n' }}{%- endif %}"
)
TEXT_ARGUMENTS = QWEN.replace("call.function.arguments | tojson", "call.function.arguments + ''")
NO_TOOLS = "{% for message in messages %}{{ message.role + ': ' + message.content }}{% endfor %}"
TAGGED = QWEN.replace(
    "{{- call.function.arguments | tojson }}",
    "{%- for name, value in call.function.arguments.items() %}"
    "{{- '<' + name + '>' + value }}{%- endfor %}",
)
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": {"x": 1}}}
TOOL = {"type": "function", "function": {"name": "f", "description": "", "parameters": {}}}
TALK = [
    {"role": "user", "content": "How far?"},
    {"role": "assistant", "content": "I look.", "tool_calls": [CALL, CALL]},
    {"role": "tool", "content": "3 km", "tool_call_id": "a", "name": "f"},
    {"role": "tool", "content": "4 km", "tool_call_id": "a", "name": "f"},
]


def template(source: str) -> ChatTemplate:
    return ChatTemplate(source, bos="<s>", eos="</s>")


def test_a_form_is_what_stands_around_a_rendered_call() -> None:
    form = call_form(template(QWEN), ENDS)

    assert form.native
    assert form.opens == '<tool_call>\n{"name": "'
    assert form.between == '", "arguments": '
    assert form.joint == '}\n</tool_call>\n<tool_call>\n{"name": "'
    assert form.closes == "}\n</tool_call>"
    assert form.trigger == "<tool_call>"


def test_a_calls_id_may_be_any_where_the_template_writes_one() -> None:
    form = call_form(template(MISTRAL), ENDS)

    assert form.trigger == "[TOOL_CALLS]"
    assert form.joint is not None
    assert ', "id": "abcdefghi"}, {"name": "' in form.joint.replace("\ufdd1", "abcdefghi")


def test_a_template_of_one_call_an_answer_has_no_joint_and_begins_as_a_call_does() -> None:
    form = call_form(template(LLAMA), ENDS)

    assert form.joint is None
    assert form.between == '", "parameters": '
    assert form.trigger == ""


def test_arguments_go_as_text_where_the_template_wants_text() -> None:
    form = call_form(template(TEXT_ARGUMENTS), ENDS)
    calls = native_messages(TALK, form)[1]["tool_calls"]

    assert form.text_arguments
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [{"x": 1}] * 2


@pytest.mark.parametrize("source", [NO_TOOLS, TAGGED])
def test_a_template_without_functions_or_with_tagged_arguments_gets_words(source: str) -> None:
    assert call_form(template(source), ENDS) == IN_WORDS


def test_in_words_the_turns_alternate_and_all_is_said() -> None:
    told = in_words(TALK, [TOOL])

    assert [one["role"] for one in told] == ["system", "user", "assistant", "user"]
    assert '"name": "f"' in told[0]["content"]
    assert told[2]["content"].startswith(
        'I look.\n<tool_call>\n{"name": "f", "arguments": {"x": 1}}'
    )
    assert told[3]["content"].count("<tool_response>") == 2


def test_in_words_the_system_message_stays_first() -> None:
    system = {"role": "system", "content": "Be brief."}

    assert in_words([system, *TALK], [TOOL])[0]["content"].startswith("Be brief.\n\n# Tools")
