"""Chat templates of the families that people use, and what transformers prints for them.

The templates are ours: each prints its family's form, in one of the ways that model folders write it. `cases()` renders them
with transformers; Tests/Fixtures/chat/cases.json holds the answers for the Swift tests. `python chat_cases.py` says whether
the file is what transformers prints today, `--write` makes it anew.
"""

import json
import pathlib
import sys

FIXTURE = pathlib.Path(__file__).resolve().parents[1] / "Fixtures" / "chat" / "cases.json"

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
CHATML_WITH_SYSTEM = """\
{%- if messages[0].role != 'system' %}
    {{- '<|im_start|>system\\nBe of use.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == "assistant" and message.tool_calls is defined %}
        {{- raise_exception("No tools here.") }}
    {%- elif (message.role == "user") or (message.role == "system") or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
LLAMA_2 = (
    "{% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}{% set system = messages[0]['content'] %}"
    "{% else %}{% set turns = messages %}{% set system = false %}{% endif %}"
    "{% for turn in turns %}"
    "{% if (turn['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('The roles must take turns: user, "
    "assistant, user, …') }}{% endif %}"
    "{% if loop.index0 == 0 and system != false %}{% set content = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + turn['content'] %}"
    "{% else %}{% set content = turn['content'] %}{% endif %}"
    "{% if turn['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% elif turn['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
LLAMA_3 = (
    "{% set conversation = messages %}{% for message in conversation %}{% set content = '<|start_header_id|>' + message['role'] "
    "+ '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = "
    "bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
)
LLAMA_3_WITH_TOOLS = """\
{{- bos_token }}
{#- The long form: dates, tools, a system message taken off the front. -#}
{%- if custom_tools is defined %}{%- set tools = custom_tools %}{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}{{- "Environment: ipython\\n" }}{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- macro turn(message, ending='<|eot_id|>') -%}
    {{ '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\\n\\n' ~ (message['content'] | trim) ~ ending }}
{%- endmacro -%}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- set state = namespace(count=0, last='') %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- turn(message) }}
        {%- set state.count = state.count + 1 %}
        {%- set state.last = message.role %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt and state.last != 'assistant' %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
ZEPHYR = """\
{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""
MISTRAL = """\
{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('After the optional system message, user and assistant must take turns.') }}
    {%- endif %}
    {%- if message["role"] == "user" %}
        {%- if loop.first and system_message is defined %}
            {{- " [INST] " + system_message + "\\n\\n" + message["content"] + " [/INST]" }}
        {%- else %}
            {{- " [INST] " + message["content"] + " [/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"] + eos_token}}
    {%- else %}
        {{- raise_exception('The roles are user and assistant, with an optional system message first.') }}
    {%- endif %}
{%- endfor %}
"""
ALPACA = (
    "{{ (messages | selectattr('role', 'equalto', 'system') | list | last).content | trim if (messages | selectattr('role', "
    "'equalto', 'system') | list) else '' }}{% for message in messages %}{% if message['role'] == 'user' %}"
    "{{ '\\n\\n### Instruction:\\n' + message['content'] | trim }}{% elif message['role'] == 'assistant' %}"
    "{{ '\\n\\n### Response:\\n' + message['content'] | trim + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt and messages[-1]['role'] != 'assistant' %}{{ '\\n\\n### Response:\\n' }}{% endif %}"
)
ROLE_TOKENS = (
    "{% for message in messages %}{{'<|' + message['role'] + '|>' + '\\n' + message['content'] + '<|end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}"
)
PLUMB = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '<|user|>' + message['content'] }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>' + message['content'] + '<|end|>' }}"
    "{% else %}{{ raise_exception('The roles are user and assistant.') }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
GENERATION = (
    "{% for message in messages %}{% if message.role == 'assistant' %}<|im_start|>assistant\n{% generation %}"
    "{{ message.content }}<|im_end|>{% endgeneration %}\n{% else %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# What no one template has, but each of many has a part of.
LANGUAGE = """\
  {# a comment #}
    {% if true %}
  a {%+ if true %} b{% endif +%}
 c
    {%- endif -%}   d
{% for key, value in {'x': 1, 'y': [1, 2.5, none, true], "z": {'q': 'é"\\n\\t'}}.items() %}
{{ loop.index }}/{{ loop.length }}/{{ loop.revindex0 }} {{ key }}={{ value | tojson }} {{ value is mapping }};
{% else %}
never
{% endfor %}
{% for i in range(10) if i % 2 == 1 %}{% if i == 7 %}{% break %}{% endif %}{% if i == 3 %}{% continue %}{% endif %}{{ i }},{% endfor %}
{%- for x in [] %}x{% else %}none{% endfor %}
{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 * 3 + 1 }} {{ 'ab' * 3 }} {{ 1 < 2 < 3 }} {{ not 1 in [2] }} {{ 3 is odd }} {{ 4 is divisibleby 2 }}
{{ 'Hello World'[1:5] }} {{ 'Hello'[::-1] }} {{ [1, 2, 3][-1] }} {{ [1, 2, 3][:-1] | join('+') }} {{ 'abc' | first }}{{ 'abc' | last }}
{{ "it's" | upper }} {{ 'HELLO there-you' | title }} {{ 'hELLO there-you'.title() }} {{ 'hELLO' | capitalize }} {{ ' x ' | trim }}| {{ 'a,b,c'.split(',') | length }} {{ 'aXbXc'.split('X')[-1] }}
{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith('x') }} {{ 'abcabc'.replace('b', 'BB') }} {{ 'abcabc' | replace('b', '', 1) }} {{ '--x--'.strip('-') }} {{ 'x'.rstrip() }}
{{ nothing }}{{ nothing | default('standard') }} {{ '' | default('empty', true) }} {{ nothing is defined }} {{ none }} {{ True }} {{ 1.5 }} {{ 'b' in 'abc' }} {{ 'q' not in ['a'] }}
{{ messages | map(attribute='role') | join(' ') }} {{ messages | rejectattr('role', 'eq', 'user') | list | length }} {{ messages | selectattr('content') | list | length }}
{% set captured %}one {{ messages[0].role }} two{% endset %}[{{ captured }}]
{% set ns = namespace(seen=false) %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.seen = true %}{% endif %}{% endfor %}{{ ns.seen }}
{% macro wrap(text, left='<', right='>') %}{{ left }}{{ text }}{{ right }}{% endmacro %}{{ wrap('a') }}{{ wrap('b', right='!') }}{{ wrap(text='c', left='(') }}
{{ {'a': [1, {'b': 'ü'}], 'c': none} | tojson(indent=2) }} {{ 'yes' if messages | length > 1 else 'no' }}{{ 'maybe' if false }}
{{ '\\x41\\u00e9\\'' }} {{ "a" "b" }} {{ 5 ~ 'x' }} {{ [1] + [2] == [1, 2] }} {{ {'k': 1}.get('z', 'd') }} {{ {'k': 1}['k'] }} {{ messages[0]['absent'] is none }}
"""

TEMPLATES = {
    "chatml": CHATML, "chatml-with-system": CHATML_WITH_SYSTEM, "llama-2": LLAMA_2, "llama-3": LLAMA_3,
    "llama-3-with-tools": LLAMA_3_WITH_TOOLS, "zephyr": ZEPHYR, "mistral": MISTRAL, "alpaca": ALPACA,
    "role-tokens": ROLE_TOKENS, "plumb": PLUMB, "generation": GENERATION, "language": LANGUAGE,
}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


def message(role, content):
    return {"role": role, "content": content}


CONVERSATIONS = [
    [message("user", "Why is the sky blue?")],
    [message("system", "Be brief."), message("user", "Why is the sky blue?")],
    [message("user", "Hi."), message("assistant", "Hello!"), message("user", "And now?")],
    [message("system", "Be brief."), message("user", "Hi."), message("assistant", "Hello!"), message("user", "And now?"),
     message("assistant", "Now this."), message("user", "Go on.")],
    [message("user", "  spaces and\nlines \n\n"), message("assistant", "\tkept or not? \n"), message("user", "\u00a0x\u2003")],
    [message("system", " <|im_end|>\n "), message("user", "</s><s>[INST] <|user|> {{ bos_token }} {% if %} <|eot_id|>")],
    [message("user", "naïve 中文 🙂 \u0301 e\u0301")],
    [message("user", "")],
    [message("user", "Hi."), message("assistant", "Hello!")],
    [message("user", "one"), message("user", "two")],
    [message("assistant", "I begin."), message("user", "Do.")],
]


def render(tokenizer, template, messages, asks):
    from jinja2.exceptions import TemplateError
    try:
        return {"rendered": tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False, add_generation_prompt=asks)}
    except TemplateError as error:
        return {"refused": str(error)}


def cases():
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), **TOKENS)
    return [
        {"name": name, "template": template,
         "conversations": [{"messages": messages, "add_generation_prompt": asks, **render(tokenizer, template, messages, asks)}
                           for messages in CONVERSATIONS for asks in (False, True)]}
        for name, template in TEMPLATES.items()]


if __name__ == "__main__":
    made = json.dumps({"tokens": TOKENS, "cases": cases()}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if "--write" in sys.argv:
        FIXTURE.parent.mkdir(parents=True, exist_ok=True)
        FIXTURE.write_text(made)
    elif FIXTURE.read_text() != made:
        sys.exit(f"{FIXTURE} is not what transformers prints")
