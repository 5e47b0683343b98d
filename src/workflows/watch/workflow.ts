/** The workflow `watch`: repeats one long activity, which compares the pods that run with the workspaces and signals losses. */
import { CancellationScope, continueAsNew, log, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { watchWorkflowId } from '../../contract/names';
import { watchActivities } from '../activity-options';
import { asObject, asText } from '../input/fields';
import { invalid } from '../input/refusal';
import { refusalToFailure } from '../input/refusal-failure';
import { observe } from '../sdk/interruptible';

/** Runs until a hand-over; fails only for a wrong input. */
export async function watch(input?: unknown): Promise<void> {
  const runtime = refusalToFailure(() => runtimeOf(input));
  let isCancelled = false;
  CancellationScope.current().cancelRequested.catch(() => {
    isCancelled = true;
  });
  setCurrentDetails(`Watches the \`${runtime}\` runtime for lost pods and for pods without a workspace.`);
  await CancellationScope.nonCancellable(async () => {
    // Lost pods would go undetected without the watch, so a cancel only makes it continue as new.
    const mustHandOver = () => isCancelled || workflowInfo().continueAsNewSuggested;
    while (!mustHandOver()) {
      const work = () => watchActivities.watch.executeWithOptions({ summary: `watch ${runtime}` }, [{ runtime }]);
      await observe(work, mustHandOver).catch((error: unknown) => log.warn('watch: activity failed', { runtime, error }));
    }
    await continueAsNew<typeof watch>({ runtime });
  });
}

function runtimeOf(input: unknown): string {
  const runtime = asText('runtime', asObject('input', input).runtime);
  const { workflowId } = workflowInfo();
  if (!runtime || workflowId !== watchWorkflowId(runtime))
    throw invalid('workflow id', `${watchWorkflowId(runtime ?? 'RUNTIME')}`, workflowId);
  return runtime;
}
