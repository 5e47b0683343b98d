/** Plays a campaign without a server: workspaces are plain facts, and each action of the loop is answered from them. */
import type { RebuildEnd, CampaignReply as Reply, WorkspaceFacts } from '../../../src/contract/internal/campaign';
import { packCampaign, unpackCampaign } from '../../../src/workflows/campaign/rules/carried';
import { type Action, decide } from '../../../src/workflows/campaign/rules/decide';
import { judge } from '../../../src/workflows/campaign/rules/judge';
import {
  beginWait,
  claim,
  noteAnnounced,
  noteWarned,
  noteWithdrawn,
  takeEnds,
  takeList,
  takeReplies,
} from '../../../src/workflows/campaign/rules/results';
import { type CampaignState, createCampaign } from '../../../src/workflows/campaign/rules/state';
import { parseCampaign } from '../../../src/workflows/input/campaign';

export const START = Date.parse('2026-03-02T06:00:00.000Z');
export const INPUT = { organization: 'acme', by: 'root', reason: 'a new image', atOnce: 2, maxFailures: 2 };

/** A workspace of the simulation. */
export interface SimulatedWorkspace {
  facts: WorkspaceFacts;
  /** How its rebuild ends. */
  end: RebuildEnd['end'];
  /** Requests that it does not answer before it answers one. */
  silences: number;
  /** How often a rebuild was begun. */
  rebuilds: number;
  marks: number;
  announcements: number;
  warnings: number;
}

export class CampaignSimulator {
  state: CampaignState;
  now = START;
  readonly workspaces: Map<string, SimulatedWorkspace>;
  /** The actions taken, in order. */
  readonly actions: Action['do'][] = [];
  /** The most rebuilds under way at once. */
  peak = 0;
  /** Called before each action. */
  meanwhile: (simulator: CampaignSimulator) => void = () => {};
  private underWay = new Set<string>();

  constructor(workspaces: [name: string, workspace: Partial<SimulatedWorkspace>][], input: object = {}) {
    this.state = createCampaign(parseCampaign({ ...INPUT, ...input }), 'run-1', START);
    this.workspaces = new Map(workspaces.map(([name, workspace]) => [name, simulated(workspace)]));
  }

  /** Plays until the campaign ends, or can only wait for a signal. */
  play(maxActions = 5_000): this {
    for (let count = 0; count < maxActions; count += 1) {
      this.meanwhile(this);
      const action = decide(this.state, this.now);
      this.actions.push(action.do);
      if (action.do === 'finish' || !this.act(action)) return this;
    }
    throw new Error(`the campaign did not end: ${this.actions.slice(-20).join(', ')}`);
  }

  /** Ends the run: the next one has what crosses continue-as-new. */
  handOver(): void {
    this.state = unpackCampaign(JSON.parse(JSON.stringify(packCampaign(this.state))));
  }

  /** False where only a signal helps. */
  private act(action: Exclude<Action, { do: 'finish' }>): boolean {
    const { state } = this;
    this.now += 100;
    switch (action.do) {
      case 'list':
        takeList(state, [...this.workspaces.keys()]);
        return true;
      case 'judge':
        takeReplies(
          state,
          action.workspaces.map((name) => this.reply(name, (it) => facts(name, it))),
          this.now,
        );
        return true;
      case 'announce':
        beginWait(state, action.workspaces, this.now);
        noteAnnounced(state, action.workspaces, this.now);
        for (const it of this.each(action.workspaces)) it.announcements += 1;
        return true;
      case 'renew':
        noteAnnounced(state, action.workspaces, this.now);
        for (const it of this.each(action.workspaces)) it.announcements += 1;
        return true;
      case 'warn':
        for (const it of this.each(action.workspaces)) it.warnings += 1;
        noteWarned(state, action.workspaces);
        return true;
      case 'rebuild':
        claim(state, action.workspaces);
        takeReplies(
          state,
          action.workspaces.map((name) => this.reply(name, (it) => this.rebuild(name, it))),
          this.now,
        );
        return true;
      case 'mark':
        takeReplies(
          state,
          action.workspaces.map((name) => this.reply(name, (it) => mark(name, it))),
          this.now,
        );
        return true;
      case 'withdraw':
        noteWithdrawn(state, action.workspaces);
        for (const it of this.each(action.workspaces)) it.announcements = 0;
        return true;
      case 'await':
        this.endFirst();
        return true;
      case 'sleep':
        if (action.until === null) return false;
        this.now = Math.max(this.now, action.until);
        return true;
    }
  }

  private rebuild(workspace: string, it: SimulatedWorkspace): Reply {
    if (it.rebuilds > 0) return { workspace, kind: 'build', build: 2 };
    const until = this.state.records?.find((record) => record.workspace === workspace)?.until ?? null;
    const { verdict } = judge(it.facts, { organization: 'acme', waitsUntil: until, now: this.now });
    if (verdict !== 'rebuild') return facts(workspace, it);
    it.rebuilds += 1;
    it.facts = { ...it.facts, state: 'building', isForced: true };
    this.underWay.add(workspace);
    this.peak = Math.max(this.peak, this.underWay.size);
    return { workspace, kind: 'build', build: 2 };
  }

  private reply(workspace: string, answer: (it: SimulatedWorkspace) => Reply): Reply {
    const it = this.at(workspace);
    if (it.silences === 0) return answer(it);
    it.silences -= 1;
    return { workspace, kind: 'unanswered', reason: 'no answer' };
  }

  private endFirst(): void {
    this.now += 1_000;
    const [workspace] = this.underWay;
    if (workspace === undefined) throw new Error('there is no rebuild to wait for');
    this.underWay.delete(workspace);
    const it = this.at(workspace);
    it.facts = { ...it.facts, isForced: false, state: it.end === 'done' ? 'running' : 'error' };
    takeEnds(this.state, [{ workspace, end: it.end, reason: it.end === 'done' ? null : 'ImageInvalid: so it is' }]);
  }

  private each(names: string[]): SimulatedWorkspace[] {
    return names.map((name) => this.at(name));
  }

  private at(name: string): SimulatedWorkspace {
    const found = this.workspaces.get(name);
    if (!found) throw new Error(`no workspace ${name}`);
    return found;
  }
}

export function factsOf(change: Partial<WorkspaceFacts> = {}): WorkspaceFacts {
  return { organization: 'acme', state: 'running', lastAccessAt: null, isForced: false, ...change };
}

function simulated(workspace: Partial<SimulatedWorkspace>): SimulatedWorkspace {
  return { facts: factsOf(), end: 'done', silences: 0, rebuilds: 0, marks: 0, announcements: 0, warnings: 0, ...workspace };
}

function facts(workspace: string, it: SimulatedWorkspace): Reply {
  return { workspace, kind: 'facts', facts: it.facts };
}

function mark(workspace: string, it: SimulatedWorkspace): Reply {
  it.marks += 1;
  return { workspace, kind: 'sent' };
}
