"""Prints docs/emulator.md from the tables of routes, so that the page can't promise what isn't there."""

from foundry.sandbox.emulator.application import FAMILIES
from foundry.sandbox.emulator.http import Family

_HEAD = """\
# What the emulator has, and how it differs from Azure

<!-- Written by `python -m foundry.sandbox.emulator --ledger > docs/emulator.md`; don't edit by hand. -->

`python -m foundry.sandbox.emulator --home DIR --port P` serves all of this over HTTPS on 127.0.0.1, with a certificate
authority of its own (`DIR/ca.pem`) and its data in `DIR/emulator.sqlite`. Unmodified official clients work against it.

What is marked 501 answers `{"error": {"code": "NotImplemented", …}}` and names itself; so does every path that isn't
listed. "Unconfirmed" means that no public source tells what the service does, and the emulator made a choice.

Everywhere: tokens are checked for signature, audience and end; role assignments decide what a principal may do, in ARM
and in the data planes; nothing is throttled unless a fault rule says so; objects appear in listings at once unless a
fault rule says so; times come from one clock that tests can move.

[emulator-clients.md](emulator-clients.md) tells the same by the operations of the official clients.

The variables that `fac sandbox env` prints lead `DefaultAzureCredential` and the clients of the data planes here. Management clients have
no variable of their own for where Azure Resource Manager is: they are given
`base_url=os.environ["FAC_ARM_ENDPOINT"], credential_scopes=["https://management.azure.com/.default"]`, as for any other cloud.
"""

_FAULTS = """
### Fault rules

`PUT /_sandbox/faults`, or `fac sandbox faults FILE` (YAML or JSON), takes a list of rules, each `{"match": {…}, "action": {…}}`, or
`{"seed": 7, "rules": [...]}`. What is random is drawn from the seed: the same requests under the same plan meet the same trouble.
Without one a seed is drawn and told, so that a failure can be replayed. `GET` tells the plan and how often each rule matched and struck.

`match` holds any of: `method`; `path` and `query` (regular expressions, searched); `nth`, `first`, `every` (counted from 1 per rule),
`after` (that many matches are let pass before counting begins), `chance` (0 to 1).

| Action | What happens |
|---|---|
| `{"status": 429, "code": "…", "message": "…", "retry_after": 1}` | that answer, with `Retry-After` or without, and nothing is done |
| `{"status": 500, "when": "after"}` | the request is done, then that is the answer |
| `{"delay": 0.5}` | the request waits that many seconds first |
| `{"delay": {"uniform": [0.1, 2]}}` | the same, drawn anew each time; also `normal` [mean, deviation], `exponential` mean, `lognormal` [median, sigma] |
| `{"drop": "before"}` | the connection is cut, and nothing is done |
| `{"drop": "after"}` | the request is done, then the connection is cut without an answer |
| `{"drop": "midway"}` | the request is done, and half of the answer is sent, of a stream half of its first events |
| `{"stale": 5}` | listings leave out what is younger than five seconds |
| `{"fail_files": ["*.md"], "code": "server_error"}` | files of such names fail in vector stores |
| `{"slow_files": ["big-*"], "seconds": 30}` | files of such names stay `in_progress` that much longer |
| `{"expire_stores": ["handbook"]}` | vector stores of such names are expired |
| `{"fail_versions": ["worker-*"]}` | new hosted versions of agents of such names end as `failed` |
| `{"late_roles": 5}` | a role assignment counts for the data planes only after five seconds |

The last five hold as long as the plan stands and take no `match`.
"""

_RULES = """
### Rules for agents

What an agent does and says without a model is written in `<agent's name>.yaml`: in `rules` in the emulator's folder, where
`PUT /_sandbox/rules/<agent's name>` and `fac sandbox rules FILE…` put it, or else in a folder of yours that `--rules DIR` or
`FAC_SANDBOX_RULES` names and that is only read. It is read anew by every run, and the first rule that fits the last question of the
thread is followed. A connected agent follows its own file.

```yaml
rules:
  - when: {matches: 'order (?P<order>[A-Z]-\\d+)'}   # or contains: [words, …] (all of them), any: [words, …]: whole words in any case; absent: always
    calls:                                          # one after the other; `together: true` asks for all at once
      - function: get_order                         # waits for the caller's output (requires_action)
        arguments: {id: "${match.order}"}
      - file_search: "returns of ${output.status}"  # looks that up and cites the file
    say: "Order ${match.order} is ${output.1.status}."
  - when: {contains: [broken]}
    fail: {code: server_error, message: "as asked for"}   # or incomplete: max_completion_tokens
```

A call names one tool of the agent: `function`, `custom` (its text stands under `arguments` as `input`), `openapi` (an operationId), `azure_function`, `connected_agent`, `file_search`,
`azure_ai_search`, `code_interpreter`, `mcp` (a tool, with `server_label` when there are several), `bing_grounding`, `bing_custom_search`,
`sharepoint_grounding`, `fabric_dataagent`, `browser_automation`, `deep_research` or `computer_use_preview` (its `arguments` are the action,
which the caller answers with a screenshot). With
`output` the tool isn't called and that is what came back; `files: {name: text}` beside `code_interpreter` are files that it makes. In texts, `${question}`, `${match.NAME}`, `${output}` (of the last
call), `${output.2}` (of the second) and `${output.status}` (a field of a JSON output) are filled in.

A model takes the place of the look-up with `--model-url URL` or `FAC_SANDBOX_MODEL_URL` (the base URL of OpenAI's chat completions,
as `http://localhost:11434/v1`; `FAC_SANDBOX_MODEL_NAME`, `FAC_SANDBOX_MODEL_KEY`). Rules come before it. It is the one thing that
leaves the machine, and only when its URL does.
"""

_LOAD = """
## Load

`python bench/emulator.py` on a machine with two processors and little else to do (Python 3.11), over HTTPS from the same machine:

| | |
|---|---|
| sandbox started, until emulator and provider answer | 0.9 s in an empty folder, 0.8 s again; 54 MB and 73 MB |
| create 5,000 agents, four connections | 779 a second, 1.2 ms of processor each; 61 MB then |
| upload 20,000 files of 1 KB, four connections | 757 a second, 1.3 ms of processor each; 61 MB then |
| create 200 vector stores of 100 files | 45 a second, 21.7 ms of processor each; 62 MB then |
| list 5,000 agents, 100 a page | 0.23 s |
| list 200 vector stores; 20,000 files, which come in one page | 0.69 s; 0.21 s |
| get an agent, one connection | 873 a second, 1.0 ms of processor each |
| update an agent, one connection | 751 a second, 1.1 ms of processor each |
| a question answered from a store of 100 files | 61 a second, 15.5 ms of processor each |
| memory with all that | 76 MB; database 120 MB |
| killed with SIGKILL while four connections wrote | answers again after 0.6 s; all 5,873 agents that were answered for are there |
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _section(family: Family) -> str:
    lines = [
        f"\n## {family.title}\n",
        family.note + "\n",
        "| Operation | Method and path | Here | Differs |",
        "|---|---|---|---|",
    ]
    for route in family.routes:
        state = "yes" if route.handler else "501"
        path = f"`{route.method} {route.template}`"
        lines.append(f"| {_cell(route.title)} | {_cell(path)} | {state} | {_cell(route.differs)} |")
    return "\n".join(lines) + "\n"


def ledger() -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for family in FAMILIES:
        section = _section(family)
        if family.prefix:
            section = section.replace(
                "\n| Operation", f"\nAll paths below `{family.prefix}`.\n\n| Operation", 1
            )
        parts.append(section)
        if family.name == "control":
            parts.append(_FAULTS)
            parts.append(_RULES)
    parts.append(_LOAD)
    return "".join(parts)
