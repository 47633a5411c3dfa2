"""Owns keys on this machine: the file they may stand in, and that no log shows them; hides both formats."""

from video_pipeline.secrecy.logs import mask_logs
from video_pipeline.secrecy.secrets_file import SecretiveSettings, read_secrets

__all__ = ["SecretiveSettings", "mask_logs", "read_secrets"]
