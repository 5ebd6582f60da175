"""What the official client can write of what we make, and no case writes: with the reason. See test_every_writable_field.py."""

RAW = "an older preview of a tool that has a type of its own; declared as raw, it is sent as it stands"
INLINE = "a package inside of a definition, as base64: a Skill document holds one, and an id refers to one"
DEPRECATED = "the client marks it deprecated"
SECRET = "a credential would stand in clear on the agent: a connection holds it"
NO_SUCH_TOOL = "chooses a tool that is declared as raw, and those have no names"

LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(
        (
            "A2APreviewTool",
            "A2APreviewToolboxTool.agent_card_path",
            "A2APreviewToolboxTool.project_connection_id",
            "A2APreviewToolboxTool.send_credentials_for_agent_card",
            "BrowserAutomationPreviewTool",
            "BrowserAutomationPreviewToolboxTool",
            "ToolboxSearchPreviewToolboxTool",
            "WebSearchPreviewTool.search_content_types",
            "WebSearchPreviewTool.user_location",
        ),
        RAW,
    ),
    **{
        f"{tool}.{label}": DEPRECATED
        for tool in (
            "AzureAISearchTool",
            "BingGroundingTool",
            "CaptureStructuredOutputsTool",
            "CodeInterpreterTool",
            "FileSearchTool",
            "FunctionShellToolParam",
            "ImageGenTool",
            "LocalShellToolParam",
            "WebSearchTool",
        )
        for label in ("name", "description", "tool_configs")
    },
    **dict.fromkeys(
        (
            "AzureFunctionTool.tool_configs",
            "MCPTool.tool_configs",
            "OpenApiTool.tool_configs",
            "VoiceAgentMcpTool.tool_configs",
        ),
        DEPRECATED,
    ),
    "Reasoning.generate_summary": "OpenAI's older word for `summary`",
    **dict.fromkeys(
        (
            "MCPTool.authorization",
            "MCPTool.headers",
            "MCPToolboxTool.authorization",
            "MCPToolboxTool.headers",
            "VoiceAgentMcpTool.authorization",
            "VoiceAgentMcpTool.headers",
            "ContainerNetworkPolicyAllowlistParam.domain_secrets",
        ),
        SECRET,
    ),
    **dict.fromkeys(
        (
            "InlineSkillParam",
            "InlineSkillParam.description",
            "InlineSkillParam.name",
            "InlineSkillParam.source",
            "InlineSkillSourceParam",
            "InlineSkillSourceParam.data",
            "InlineSkillSourceParam.media_type",
            "InlineSkillSourceParam.type",
        ),
        INLINE,
    ),
    **dict.fromkeys(("ToolChoiceWebSearchPreview", "ToolChoiceWebSearchPreview20250311"), NO_SUCH_TOOL),
    "ToolChoiceComputerUse": "the same as `computer` by another name, which the tool is told by",
    "ToolChoiceAllowed": "the tools that are allowed are those that are declared",
    "ToolChoiceMCP.name": "a server is chosen, and `allowed_tools` says which of its tools there are",
    "AgentsOperations.create_version.draft": "a draft is nobody's newest version, so it could never be what is declared",
    "AgentsOperations.create_version.digital_worker_type": (
        "nothing tells what a version without it does to an agent that has it, and a digital worker is published by hand"
    ),
    "HumanEvaluationPreviewRuleAction": "its template is made and its answers are given by people in the portal",
    "BetaSkillsOperations.update": "moves the pin of a skill: tests/reconcile/test_toolboxes_and_skills.py",
}
"""A class or a field of one, and why no case writes it."""
