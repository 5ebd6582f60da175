"""What `fac import` is told on the command line."""

from pathlib import Path

import pytest

from foundry.cli import main


@pytest.mark.parametrize("number", ["0", "100001", "many", "-5"])
def test_a_number_of_documents_that_no_search_can_be_paged_through_is_refused(capsys, number):
    with pytest.raises(SystemExit):
        main(["import", f"--documents={number}"])

    told = capsys.readouterr().err
    assert f"'{number}' is no number of documents: write 1 to 100000" in told


@pytest.mark.parametrize("layer", ["/tmp/elsewhere", "../elsewhere", "a/b", "..", ""])
def test_a_layer_that_is_no_folder_in_stacks_is_refused(capsys, layer):
    with pytest.raises(SystemExit):
        main(["import", "--from", "a.yaml", f"--layer={layer}"])

    assert f"{layer!r} is no name of a layer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("layers", "layer", "told"),
    [
        ("[base, dev]", "dev", "`fac preview -s dev` shows what `fac up` would make of them."),
        (
            "[base, dev]",
            "from-vendor",
            "from-vendor isn't among its layers. To have it read them, write `foundry:layers: [base, dev, from-vendor]` into",
        ),
        ("[base]", "dev", "write `foundry:layers: [base, dev]` into stacks/Pulumi.dev.yaml."),
    ],
)
def test_a_layer_that_the_stack_does_not_read_is_told(tmp_path: Path, capsys, layers, layer, told):
    environment = "kind: Environment\nname: desk\ndialect: classic\nexisting: {project_endpoint: https://a.services.ai.azure.com/api/projects/p}\n"
    for path, text in {
        "Pulumi.yaml": "name: desk\nruntime: python\nstackConfigDir: stacks\n",
        "stacks/Pulumi.dev.yaml": f"config:\n  foundry:stackId: 3f0e9a52-7c1d-4b68-9e35-0d2a6b8c4f71\n  foundry:layers: {layers}\n  azure-native:subscriptionId: 00000000-0000-4000-8000-000000000001\n",
        "stacks/base/environment.yaml": environment,
        "stacks/dev/prompts/other.md": "Other.\n",
        "clerk.yaml": "kind: prompt\nname: clerk\nmodel: chat\ninstructions: Help.\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    code = main(
        ["-C", str(tmp_path), "import", "-s", "dev", "--from", str(tmp_path / "clerk.yaml"), "--layer", layer]
    )

    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    assert told in printed.out
    assert ("fac preview" in printed.out) == told.startswith("`fac preview")
