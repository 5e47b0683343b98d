import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PerennialClient } from '../../../src/client';
import { organizationWorkflowId, TASK_QUEUE } from '../../../src/contract/names';
import type { StepName } from '../../../src/contract/payloads';
import { identifyProcess } from '../../../src/runtimes/sandbox/process/identity';
import { findTraces } from '../runtimes/sandbox-env';
import { until } from '../until';

/** What keeps one step of one workspace's builds from ending until it is let go; nothing of it is made by Perennial. */
export interface Hold {
  step: StepName;
  hold(client: PerennialClient): Promise<void> | void;
  letGo(client: PerennialClient): Promise<void> | void;
  /** Lets an earlier step, which waits, come to its end and holds this one; called while the server, which would begin it, stands still. */
  pass?: () => Promise<void>;
  /** Whether what holds it up has been reached, where the step's own state does not tell. */
  isReached?: (build: number) => boolean;
  /** Whether the step's work is done, reported or not. */
  isDone(build: number): boolean;
}

/** The organization's workflow waits in a queue without a worker, so its policy cannot be read. It is let go through the server only. */
export function holdAdmit(organization: string): Hold {
  return {
    step: 'admit',
    hold: (client) => startOrganization(client, { organization, taskQueue: 'unserved' }),
    letGo: (client) => startOrganization(client, { organization, taskQueue: TASK_QUEUE }),
    isDone: () => false,
  };
}

/** Starts an organization, in the place of the one of that name if there is one. */
export async function startOrganization(client: PerennialClient, to: { organization: string; taskQueue: string }): Promise<void> {
  await client.temporal.workflow.start('organization', {
    workflowId: organizationWorkflowId(to.organization),
    taskQueue: to.taskQueue,
    args: [{ name: to.organization }],
    workflowIdConflictPolicy: 'TERMINATE_EXISTING',
  });
}

/** Another process, this one, has the workspace's lock. */
export function holdPrepareHome(dir: string, id: string): Hold {
  const lock = lockOf(dir, id);
  return { step: 'prepare-home', hold: lock.take, letGo: lock.giveBack, isDone: lock.isFreeAgain };
}

/** The same once `prepare-home`, which needs the lock too, is done. */
export function holdStartPod(dir: string, id: string): Hold {
  const lock = lockOf(dir, id);
  return {
    step: 'start-pod',
    hold: lock.take,
    pass: async () => {
      lock.giveBack();
      await until(`prepare-home of ${id} is done`, lock.isFreeAgain);
      lock.take();
    },
    letGo: lock.giveBack,
    isDone: (build) => {
      const { pod } = JSON.parse(readFileSync(path.join(dir, 'sandboxes', `${id}.json`), 'utf8'));
      return pod?.build === build && pod.ready;
    },
  };
}

function lockOf(dir: string, id: string) {
  const folder = path.join(dir, 'sandboxes', '.locks', id);
  const ticket = (number: number) => path.join(folder, String(number));
  const newest = () => Math.max(0, ...readdirSync(folder).map(Number).filter(Number.isInteger));
  let mine = 0;
  return {
    take: () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      mine = newest() + 1;
      writeFileSync(ticket(mine), JSON.stringify(identifyProcess(process.pid)));
    },
    giveBack: () => {
      writeFileSync(path.join(folder, 'given-back'), 'null');
      renameSync(path.join(folder, 'given-back'), ticket(mine));
    },
    /** Whether another one has had it since, and has given it back. */
    isFreeAgain: () => newest() > mine && readOrNothing(ticket(newest())) === 'null',
  };
}

/** The hook goes on for as long as a file is there. */
export function holdHook(step: 'configure' | 'personalize', home: string): Hold {
  const file = path.join(home, `hold-${step}`);
  const log = (build: number) => readHookLog({ home, step, build });
  return {
    step,
    hold: () => writeFileSync(file, ''),
    letGo: () => rmSync(file),
    isReached: (build) => log(build).includes('begun'),
    isDone: (build) => log(build).includes('ended'),
  };
}

/** Programs that the injection calls in a pod: before the new set takes the place of the old one, and after that. */
export const INJECTION_PROGRAMS = { unpublished: ['ls'], published: ['rm', 'readlink'] } as const;

/** The injection goes on for as long as a file is there; the image has to be isolated, so that its own programs are called. */
export function holdInjection(home: string, programs: readonly string[] = INJECTION_PROGRAMS.unpublished): Hold {
  const files = (state: 'hold' | 'held') => programs.map((program) => path.join(home, `${state}-${program}`));
  const id = path.basename(home);
  return {
    step: 'inject-secrets',
    hold: () => {
      for (const file of files('held')) rmSync(file, { force: true });
      for (const file of files('hold')) writeFileSync(file, '');
    },
    letGo: () => {
      for (const file of files('hold')) rmSync(file);
    },
    isReached: () => files('held').some((file) => existsSync(file)),
    // The sandbox's own processes alone are left.
    isDone: () => findTraces(id).length <= 3,
  };
}

/** An image with both hooks. Each says when it begins and ends, and notes in the home that it ran. */
export function makeHookImage({ from, image }: { from: string; image: string }): void {
  const hook = (step: string) =>
    `#!/bin/sh\necho begun\necho ${step} >>~/runs\nwhile [ -e ~/hold-${step} ]; do sleep 0.1; done\necho ended\n`;
  cpSync(from, image, { recursive: true });
  writeFileSync(path.join(image, 'rootfs', 'coder', 'configure'), hook('configure'), { mode: 0o755 });
  mkdirSync(path.join(image, 'rootfs', 'etc', 'skel'), { recursive: true });
  writeFileSync(path.join(image, 'rootfs', 'etc', 'skel', 'personalize'), hook('personalize'), { mode: 0o755 });
  addHeldPrograms(image);
}

/** Adds the programs that `holdInjection` holds up. */
export function addHeldPrograms(image: string): void {
  const folder = path.join(image, 'rootfs', 'usr', 'local', 'bin');
  mkdirSync(folder, { recursive: true });
  for (const program of Object.values(INJECTION_PROGRAMS).flat()) {
    const hold = `hold=$HOME/hold-${program}\n[ ! -e "$hold" ] || : >"$HOME/held-${program}"\n`;
    const wait = 'while [ -e "$hold" ]; do sleep 0.05; done\n';
    writeFileSync(path.join(folder, program), `#!/bin/sh\n${hold}${wait}exec /bin/${program} "$@"\n`, { mode: 0o755 });
  }
}

/** What a hook wrote; empty while it has written nothing. */
export const readHookLog = ({ home, step, build }: { home: string; step: string; build: number }): string =>
  readOrNothing(path.join(home, '.perennial', 'logs', `build-${build}`, `${step}.log`));

/** The hooks that began in a home, one a line. */
export const readRuns = ({ home }: { home: string }): string => readOrNothing(path.join(home, 'runs'));

const readOrNothing = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
