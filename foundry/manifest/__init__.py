"""Files → positioned YAML → layers → schema → references → model; every fault is a finding, all of them at once."""

from foundry.manifest.explaining import explain
from foundry.manifest.loading import Loaded, load
from foundry.manifest.settings import Setting, Settings

__all__ = ["Loaded", "Setting", "Settings", "explain", "load"]
