"""Owns one asset check per gate of the flow; hides nothing."""

import warnings
from uuid import UUID

import dagster as dg

from video_pipeline.orchestration.failures import translated
from video_pipeline.orchestration.partitions import VIDEO_JOBS
from video_pipeline.orchestration.resources import StudioResource
from video_pipeline.steps.gates import GATES, Finding, Gate
from video_pipeline.steps.studio import Studio


def _check(gate: Gate) -> dg.AssetChecksDefinition:
    with warnings.catch_warnings():
        # Partitions of checks are in preview: an operator wants the answers of each job, not only of the last one,
        # and the exact version of Dagster is pinned.
        warnings.simplefilter("ignore", dg.PreviewWarning)

        @dg.asset_check(
            asset=dg.AssetKey(str(gate.stage)),
            name=gate.name,
            description=gate.question,
            blocking=gate.blocking,
            partitions_def=VIDEO_JOBS,
        )
        def ask(context: dg.AssetCheckExecutionContext, studio: StudioResource) -> dg.AssetCheckResult:
            run = context.op_execution_context
            with translated(run.retry_number):
                finding = _ask(gate, studio.open(), UUID(run.partition_key))
            severity = dg.AssetCheckSeverity.ERROR if gate.blocking else dg.AssetCheckSeverity.WARN
            return dg.AssetCheckResult(
                passed=finding.passed, description=finding.text, metadata=finding.values, severity=severity
            )

    return ask


def _ask(gate: Gate, studio: Studio, job_id: UUID) -> Finding:
    return gate.ask(studio, studio.jobs.get_job(job_id))


CHECKS = [_check(gate) for gate in GATES]
