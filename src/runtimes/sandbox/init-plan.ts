import { existsSync } from 'node:fs';
import path from 'node:path';
import type { PodSpec } from '../runtime';
import { homeOf } from './home';
import type { Image } from './image';
import type { Layout } from './layout';
import { markOf } from './pod-removal';
import { PROGRAM_PATH } from './programs';
import { ISOLATED_SETUP, PLAIN_SETUP } from './setup-script';

/** A sandbox whose first process is to be started. */
export interface InitPlan {
  layout: Layout;
  spec: PodSpec;
  instance: string;
  /** Whether the home is new, and gets what /etc/skel has. */
  seed: boolean;
  image: Image;
  mode: 'isolated' | 'plain';
}

/** The program, arguments, environment, and user of a sandbox's first process. */
export function prepareInit(plan: InitPlan) {
  return plan.mode === 'isolated' ? prepareIsolated(plan) : preparePlain(plan);
}

function prepareIsolated({ layout, spec, seed, image }: InitPlan) {
  const { id, name } = spec;
  const { user, rootfs } = image;
  return {
    id,
    program: 'unshare',
    // The script goes by the environment, so that a list of processes stays readable.
    args: ['--mount', '--pid', '--ipc', '--uts', '--fork', 'sh', '-c', 'eval "$setup"', `perennial ${id}`],
    env: {
      PATH: PROGRAM_PATH,
      setup: ISOLATED_SETUP,
      dir: layout.dir,
      mount_point: layout.mountPoint,
      empty: layout.empty,
      home: homeOf(layout, id),
      rootfs,
      name,
      user: user.name,
      uid: String(user.uid),
      gid: String(user.gid),
      seed: seed ? 'yes' : 'no',
    },
  };
}

function preparePlain({ layout, spec, instance, seed, image }: InitPlan) {
  const mark = markOf(instance);
  const skel = path.join(image.rootfs, 'etc/skel');
  const { uid, gid } = image.user;
  return {
    id: spec.id,
    program: 'sh',
    args: ['-c', 'eval "$setup"', `perennial ${spec.id}`],
    env: {
      PATH: PROGRAM_PATH,
      setup: PLAIN_SETUP,
      HOME: homeOf(layout, spec.id),
      skel: existsSync(skel) ? skel : '/etc/skel',
      seed: seed ? 'yes' : 'no',
      [mark.name]: mark.value,
    },
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
  };
}
