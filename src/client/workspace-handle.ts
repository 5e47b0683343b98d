import type {
  Answer,
  BuildView,
  ByInput,
  ConfigureInput,
  DeleteAnswer,
  DeleteInput,
  ExplainView,
  PingInput,
  RebuildInput,
  StatusView,
  StopInput,
} from '../contract/payloads';
import type { WaitOptions } from './build-wait';
import type { PendingStep } from './pending-step';

/**
 * One workspace. Every method rejects with a `RequestFailure`: besides the types named at each, of type `NotFound` where the workspace
 * does not exist or has ended, `Unavailable` where Temporal or the worker does not answer, and `Failed` for anything else. Updates and
 * queries that failed only because of timing are retried. An answer never waits for the work that it accepts.
 */
export interface WorkspaceHandle {
  /** `owner/name`. */
  workspace: string;
  /** The owner's name. */
  owner: string;
  /** The name, unique for each owner. */
  name: string;

  /**
   * The workspace as wanted and as it is.
   *
   * ```ts
   * const { state, since, build } = await workspace.status();
   * ```
   */
  status(): Promise<StatusView>;

  /**
   * Why the workspace is in its state, what happens next, what would change that, and the last 50 changes of state.
   *
   * ```ts
   * const { why, next } = await workspace.explain();
   * ```
   */
  explain(): Promise<ExplainView>;

  /**
   * One build; the newest without a number. The last ten are kept.
   *
   * @throws `NotFound` for a number that is not kept, also before the first build; `InvalidRequest` for a number that is none.
   *
   * ```ts
   * const { steps, failure } = await workspace.build(3);
   * ```
   */
  build(number?: number): Promise<BuildView>;

  /**
   * Reports that the workspace is in use, which postpones its auto-off. A signal: it resolves once Temporal has it, needs no worker, and is
   * not refused; a malformed one counts in `status().rejected`.
   *
   * ```ts
   * await workspace.ping({ via: 'ide' });
   * ```
   */
  ping(input?: PingInput): Promise<void>;

  /**
   * Builds the workspace unless it is running. `merged` where a build is under way, `already` where it runs.
   *
   * @throws `NotAllowed` where the workspace is deleted or the policy forbids its resources; `InvalidRequest` for a malformed field, or
   *   where neither workspace nor organization names an image.
   *
   * ```ts
   * const { build } = await workspace.start({ by: 'ada' });
   * if (build !== null) await workspace.waitForBuild(build);
   * ```
   */
  start(input?: ByInput): Promise<Answer>;

  /**
   * Stops the workspace, also in the midst of a build; its home is kept. `already` where it is off.
   *
   * @throws `NotAllowed` where the workspace is deleted; `InvalidRequest` for a malformed field.
   *
   * ```ts
   * const { state } = await workspace.stop({ by: 'ada', reason: 'end of the day' });
   * ```
   */
  stop(input?: StopInput): Promise<Answer>;

  /**
   * Builds the workspace, also while it runs; its home is kept. `image`, `resources`, and `env` become its own settings. `merged` where
   * an equal build is under way; any other build is superseded.
   *
   * @throws `NotAllowed` where the workspace is deleted or the policy forbids the resources; `InvalidRequest` for a malformed field, a
   *   disk that would shrink, or where neither workspace nor organization names an image.
   *
   * ```ts
   * const { build } = await workspace.rebuild({ image: 'starter:2', reason: 'new tools' });
   * ```
   */
  rebuild(input?: RebuildInput): Promise<Answer>;

  /**
   * Ends the build under way, to `off`. `already` where none is.
   *
   * @throws `InvalidRequest` for a malformed field.
   *
   * ```ts
   * const { outcome, build } = await workspace.cancelBuild({ by: 'ada' });
   * ```
   */
  cancelBuild(input?: ByInput): Promise<Answer>;

  /**
   * Takes a delete back, to `off`. `already` where the workspace is not deleted.
   *
   * @throws `NotAllowed` once the home is being purged; `InvalidRequest` for a malformed field.
   *
   * ```ts
   * const { state } = await workspace.restore({ by: 'ada' });
   * ```
   */
  restore(input?: ByInput): Promise<Answer>;

  /**
   * Stops the workspace and removes its home after the organization's retention, with `purge` now. `already` where it is deleted.
   *
   * @throws `InvalidRequest` for a malformed field.
   *
   * ```ts
   * const { purgeAt } = await workspace.delete({ by: 'ada' });
   * ```
   */
  delete(input?: DeleteInput): Promise<DeleteAnswer>;

  /**
   * Changes the workspace's own settings; null clears one. It never starts, stops, or rebuilds anything: `rebuildRequired` of the answer
   * says what waits for the next build.
   *
   * @throws `NotAllowed` where the workspace is deleted or the policy forbids a value; `InvalidRequest` for a malformed field, an
   *   unknown time zone, or a disk that would shrink.
   *
   * ```ts
   * await workspace.configure({ autoStart: { time: '08:30', timeZone: 'Europe/Berlin' }, dotfiles: null });
   * ```
   */
  configure(input: ConfigureInput): Promise<StatusView>;

  /**
   * What the running step waits for, from its activity's last heartbeat; null where no step runs. It needs no worker.
   *
   * ```ts
   * const waitingFor = (await workspace.pendingStep())?.waitingFor ?? 'nothing';
   * ```
   */
  pendingStep(): Promise<PendingStep | null>;

  /**
   * Waits until the build has ended, well or not, or the build that replaced it; `failure` of the answer is null where it went well.
   *
   * @throws `NotFound` where the build was taken back before it began; with `options.signal` that signal's reason as `Failed`; where
   *   the workspace's input was refused after its creation, the type of that refusal.
   *
   * ```ts
   * const { failure } = await workspace.waitForBuild(1, { onChange: (build) => show(build.steps) });
   * ```
   */
  waitForBuild(number: number, options?: WaitOptions): Promise<BuildView>;
}
