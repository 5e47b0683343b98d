/** The workflow `watch`: one long activity after the other compares what runs with what should, and tells the workspaces. */
import { CancellationScope, continueAsNew, log, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { watchWorkflowId } from '../../contract/names';
import { watching } from '../activity-options';
import { asObject, asText } from '../input/fields';
import { invalid } from '../input/refusal';
import { refusalToFailure } from '../input/refusal-failure';
import { observe } from '../sdk/interruptible';

export async function watch(input?: unknown): Promise<void> {
  const runtime = refusalToFailure(() => runtimeOf(input));
  let isCancelled = false;
  CancellationScope.current().cancelRequested.catch(() => {
    isCancelled = true;
  });
  setCurrentDetails(`Watches the \`${runtime}\` runtime: pods that were lost, and pods that belong to no workspace.`);
  await CancellationScope.nonCancellable(async () => {
    // Without the watch lost pods would go unnoticed, so a cancel only makes it begin anew.
    const mustHandOver = () => isCancelled || workflowInfo().continueAsNewSuggested;
    while (!mustHandOver()) {
      const work = () => watching.watch.executeWithOptions({ summary: `watch ${runtime}` }, [{ runtime }]);
      await observe(work, mustHandOver).catch((error: unknown) => log.warn('the watch was cut off', { error }));
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
