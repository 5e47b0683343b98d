/** Workspaces, and a network that repeats, delays, and loses their messages to the ledger of their owner. */
import type { Finding, OwnerReport, Reservation, ReservationAnswer } from '../../../src/contract/internal/ledger';
import type { QuotaPolicy } from '../../../src/contract/policy';
import { createLedger, type Ledger, type Snapshot, snapshotOf, sumOf } from '../../../src/workflows/owner/rules/entries';
import { reserve, takeFindings, takeOwnerReport, viewLedger } from '../../../src/workflows/owner/rules/ledger';

interface Workspace {
  name: string;
  id: string;
  bornAt: number;
  build: number;
  sequence: number;
  /** `admitting`: it asks for a build; a pod of an earlier build may run. */
  phase: 'down' | 'admitting' | 'running' | 'purged' | 'terminated';
  hasPod: boolean;
  hasHome: boolean;
}

type Message = { reservation: Reservation } | { report: OwnerReport };

const CPUS = ['500m', '1', '2'];

export class LedgerModel {
  readonly ledger: Ledger = createLedger();
  private readonly workspaces: Workspace[] = [];
  private readonly network: Message[] = [];
  private clock = 1;
  private running: { before: Snapshot; findings: Finding[] | null } | null = null;

  constructor(private readonly quota: QuotaPolicy) {
    for (let index = 0; index < 5; index += 1) this.workspaces.push(this.create(`w${index}`));
  }

  /** Plays one step; one that the workspace cannot take changes nothing. */
  play({ op, workspace, message }: { op: number; workspace: number; message: number }): void {
    this.clock += 1;
    const index = workspace % this.workspaces.length;
    const subject = this.workspaces[index] as Workspace;
    const deliver = () => this.deliver(this.network[message % Math.max(1, this.network.length)]);
    const steps: (() => void)[] = [
      () => this.begin(subject),
      () => this.begin(subject),
      // The newest message is the likeliest to arrive.
      () => this.deliver(this.network.at(-1)),
      () => this.deliver(this.network.at(-1)),
      deliver,
      deliver,
      () => this.retry(subject),
      () => this.stop(subject),
      () => this.purge(subject),
      () => this.recreate(index),
      () => this.reset(subject),
      () => this.terminate(subject),
      () => this.beginCheck(),
      () => this.look(),
      () => this.endCheck(),
    ];
    steps[op % steps.length]?.();
  }

  /** Stops all workspaces, delivers every message in order, and checks. */
  settle(): void {
    for (const subject of this.workspaces) this.stop(subject);
    this.deliverAll();
    this.check();
  }

  deliverAll(): void {
    for (const message of [...this.network]) this.deliver(message);
  }

  check(): void {
    this.beginCheck();
    this.look();
    this.endCheck();
  }

  expectWithinQuota(): void {
    const { running, homes, cpu } = viewLedger(this.ledger);
    const milli = (text: string) => (text.endsWith('m') ? Number.parseInt(text, 10) : Number(text) * 1_000);
    expect(running).toBeLessThanOrEqual(this.quota.runningPerOwner ?? Number.POSITIVE_INFINITY);
    expect(milli(cpu)).toBeLessThanOrEqual(this.quota.cpuPerOwner ? milli(this.quota.cpuPerOwner) : Number.POSITIVE_INFINITY);
    expect(homes).toBeLessThanOrEqual(this.quota.homesPerOwner ?? Number.POSITIVE_INFINITY);
    const pods = this.workspaces.filter(({ hasPod }) => hasPod);
    const uncounted = pods.filter(({ id, name }) => !this.ledger.entries[id]?.[name]?.running);
    expect(uncounted).toEqual([]);
    expect(sumOf(this.ledger)).toEqual(sumOf({ ...this.ledger, sum: null }));
  }

  expectNothingRuns(): void {
    expect(viewLedger(this.ledger)).toMatchObject({ running: 0, cpu: '0', memory: '0' });
    const isCounted = ({ id, name }: Workspace) => this.ledger.entries[id]?.[name]?.home === true;
    expect(this.workspaces.filter((subject) => subject.hasHome && !isCounted(subject))).toEqual([]);
    // A workspace keeps a place for a home that it has not made, as after a reset, until it is purged.
    const living = this.workspaces.filter(({ phase }) => phase !== 'purged' && phase !== 'terminated');
    expect(viewLedger(this.ledger).homes).toBe(living.filter(isCounted).length);
  }

  private create(name: string): Workspace {
    const bornAt = this.clock;
    return { name, id: `${name}-${bornAt}`, bornAt, build: 0, sequence: 0, phase: 'down', hasPod: false, hasHome: false };
  }

  private begin(subject: Workspace): void {
    if (subject.phase !== 'down' && subject.phase !== 'running') return;
    subject.build += 1;
    subject.phase = 'admitting';
    this.retry(subject);
  }

  private retry({ phase, name, id, bornAt, build }: Workspace): void {
    if (phase !== 'admitting') return;
    const resources = { cpu: CPUS[build % CPUS.length] ?? '1', memory: '1Gi', disk: '1Gi' };
    this.network.push({ reservation: { name, id, bornAt, build, resources } });
  }

  private stop(subject: Workspace): void {
    if (subject.phase !== 'admitting' && subject.phase !== 'running') return;
    Object.assign(subject, { phase: 'down', hasPod: false });
    this.report(subject);
  }

  private purge(subject: Workspace): void {
    if (subject.phase !== 'down') return;
    Object.assign(subject, { phase: 'purged', hasHome: false });
    this.report(subject);
  }

  private recreate(index: number): void {
    const { phase, name, hasHome } = this.workspaces[index] as Workspace;
    if (hasHome || (phase !== 'purged' && phase !== 'terminated')) return;
    this.workspaces[index] = this.create(name);
  }

  /** The workflow goes on from an earlier build; its pod is removed as one of a later build, and nothing reports that. */
  private reset(subject: Workspace): void {
    if (subject.phase === 'purged' || subject.phase === 'terminated' || subject.build === 0) return;
    Object.assign(subject, { build: subject.build - 1, phase: 'down', hasPod: false });
  }

  /** The home of a terminated workspace is gone too, so that another can be created. */
  private terminate(subject: Workspace): void {
    if (subject.phase !== 'purged') Object.assign(subject, { phase: 'terminated', hasPod: false, hasHome: false });
  }

  private report(subject: Workspace): void {
    const { name, id, bornAt, build, hasHome } = subject;
    subject.sequence = this.clock += 1;
    const resources = { cpu: '1', memory: '1Gi', disk: '1Gi' };
    this.network.push({
      report: { name, id, bornAt, build, resources, sequence: subject.sequence, running: false, home: hasHome },
    });
  }

  private deliver(message: Message | undefined): void {
    if (!message) return;
    if ('report' in message) return takeOwnerReport(this.ledger, message.report);
    const { reservation } = message;
    const answer = reserve(this.ledger, reservation, this.quota);
    const subject = this.workspaces.find(({ id, bornAt }) => id === reservation.id && bornAt === reservation.bornAt);
    if (subject?.phase === 'admitting' && subject.build === reservation.build) this.take(subject, answer);
  }

  private take(subject: Workspace, answer: ReservationAnswer): void {
    if (answer.outcome === 'granted') Object.assign(subject, { phase: 'running', hasPod: true, hasHome: true });
    if (answer.outcome === 'refused') {
      subject.hasHome = answer.home;
      this.stop(subject);
    }
    if (answer.outcome !== 'stale') return;
    subject.build = Math.max(subject.build, answer.build) + 1;
    this.retry(subject);
  }

  private beginCheck(): void {
    this.running = { before: snapshotOf(this.ledger), findings: null };
  }

  /** What the workspaces of the ledger are like at this moment. */
  private look(): void {
    if (!this.running) return;
    this.running.findings = [...this.running.before.keys()].flatMap((key): Finding[] => {
      const [id = '', name = ''] = key.split('/');
      const subject = this.workspaces.find((each) => each.id === id);
      if (!subject) return [{ name, id, running: false, home: false }];
      if (subject.phase === 'terminated' || subject.phase === 'purged') return [{ name, id, running: false, home: false }];
      return subject.phase === 'down' ? [{ name, id, running: false }] : [];
    });
  }

  private endCheck(): void {
    if (this.running?.findings) takeFindings(this.ledger, this.running.before, { findings: this.running.findings });
    this.running = null;
  }
}
