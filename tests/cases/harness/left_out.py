"""What the official client can write of what we make, and no case writes: with the reason. See test_every_writable_field.py."""

RAW = "declared as a tool of type raw, which is sent as it stands"
DEPRECATED = "the client marks it deprecated"
SECRET = "a credential would stand in clear on the agent: a connection holds it"
NO_SUCH_TOOL = "chooses a tool that is declared as raw, and those have no names"

LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(
        (
            "A2APreviewTool",
            "ApplyPatchToolParam",
            "BrowserAutomationPreviewTool",
            "ComputerTool",
            "CustomToolParam",
            "FabricIQPreviewTool",
            "FunctionShellToolParam",
            "GitHubCopilotToolsetPreview",
            "LocalShellToolParam",
            "MicrosoftCopilotToolsetPreview",
            "NamespaceToolParam",
            "ProgrammaticToolCallingParam",
            "ToolSearchToolParam",
            "WebIQPreviewTool",
            "WorkIQPreviewTool",
            "A2APreviewToolboxTool",
            "BrowserAutomationPreviewToolboxTool",
            "FabricIQPreviewToolboxTool",
            "ReminderPreviewToolboxTool",
            "ShellToolboxTool.allowed_callers",
            "ToolboxSearchPreviewToolboxTool",
            "ToolboxShellContainerAutoEnvironment.file_ids",
            "ToolboxShellContainerAutoEnvironment.memory_limit",
            "ToolboxShellContainerAutoEnvironment.network_policy",
            "ToolboxShellContainerAutoEnvironment.skills",
            "ToolboxShellContainerReferenceEnvironment",
            "WebIQPreviewToolboxTool",
            "WebSearchPreviewTool.search_content_types",
            "WebSearchPreviewTool.user_location",
            "WorkIQPreviewToolboxTool",
            "MCPTool.connector_id",
            "MCPTool.tunnel_id",
            "MCPToolboxTool.connector_id",
            "MCPToolboxTool.tunnel_id",
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
            "ImageGenTool",
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
            "SpecificApplyPatchParam",
            "SpecificFunctionShellParam",
            "SpecificProgrammaticToolCallingParam",
            "ToolChoiceComputer",
            "ToolChoiceComputerUse",
            "ToolChoiceComputerUsePreview",
            "ToolChoiceCustom",
            "ToolChoiceWebSearchPreview",
            "ToolChoiceWebSearchPreview20250311",
        ),
        NO_SUCH_TOOL,
    ),
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
