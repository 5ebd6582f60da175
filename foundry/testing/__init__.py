"""A fake Foundry for anybody's tests: an emulator in the test process, a pytest fixture that leads official clients to it.

It knows nothing of this project's declarations and rules, so that another team may use it on its own. See docs/testing.md.
"""

from foundry.testing.cloud import Cloud, CloudError
from foundry.testing.sandbox import FoundrySandbox

__all__ = ["Cloud", "CloudError", "FoundrySandbox"]
