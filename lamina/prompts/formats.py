"""Chat formats that `--chat_format` can name, for a base whose file carries no template."""

FORMATS = {
    "mistral-instruct": (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}"
        "[INST] {{ m.content }} [/INST]{% elif m.role == 'assistant' %}"
        "{{ ' ' + m.content + eos_token }}"
        "{% else %}{{ raise_exception('only user and assistant roles are supported') }}"
        "{% endif %}{% endfor %}"
    ),
    "llama-2": (
        "{% set system = messages[0].content if messages[0].role == 'system' else none %}"
        "{% for m in (messages if system is none else messages[1:]) %}{% if m.role == 'user' %}"
        "{{ bos_token + '[INST] ' }}{% if loop.first and system is not none %}"
        "{{ '<<SYS>>\n' + system + '\n<</SYS>>\n\n' }}{% endif %}{{ m.content + ' [/INST]' }}"
        "{% elif m.role == 'assistant' %}{{ ' ' + m.content + ' ' + eos_token }}"
        "{% else %}{{ raise_exception('a system message can only be the first one') }}"
        "{% endif %}{% endfor %}"
    ),
    "chatml": (
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
}
