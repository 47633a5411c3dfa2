"""Owns keys on this machine: the file they may stand in, and that no log and no error shows them; hides the formats."""

from video_pipeline.secrecy.loading import PREFIX, load_settings
from video_pipeline.secrecy.logs import mask_logs
from video_pipeline.secrecy.secrets_file import SecretiveSettings, read_secrets

__all__ = ["PREFIX", "SecretiveSettings", "load_settings", "mask_logs", "read_secrets"]
