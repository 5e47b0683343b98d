import { randomUUID } from 'node:crypto';
import { lchown, lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeFailure } from '../failure';
import { OPEN_FENCE, raiseForStart } from '../fence';
import type { Pod, PodSpec } from '../runtime';
import { type Image, resolveImage } from './image/resolve';
import type { ImageUser } from './image/user';
import { isProcessEnterable } from './process/identity';
import { startInit } from './process/init';
import { prepareInit } from './process/init-command';
import type { Isolation } from './process/isolation';
import { killPod, runFolderOf } from './process/kill-tree';
import { recogniseHome } from './store/home-identity';
import { type HomeRecord, readHome, writeHome } from './store/home-record';
import { isMissing } from './store/json-file';
import { makePrivateFolder, planMemoryFolder } from './store/memory-folder';
import { homeOf, type Layout, layOut } from './store/paths';
import { type PodRecord, readSandbox, type SandboxRecord, writeSandbox } from './store/sandbox-record';

/** What a start needs to know of the machine. */
export interface StartContext {
  layout: Layout;
  /** The folder of images. */
  images: string;
  isolation: () => Promise<Isolation>;
}

/**
 * Ensures that exactly this build's sandbox runs. The caller holds the workspace's lock.
 * @throws StaleBuild, ImageNotFound, ImageInvalid, HomeMissing, RuntimeUnavailable, NoCapacity
 */
export async function startPod(context: StartContext, spec: PodSpec): Promise<Pod> {
  const { layout } = context;
  const record = await raiseFence(layout, spec);
  const home = await findHome(layout, spec);
  const found = record.pod;
  if (found?.build === spec.build && found.ready && isProcessEnterable(found.init)) {
    await markSeeded(layout, home);
    return describe(spec.id, found);
  }
  const image = await resolveImage({ images: context.images, reference: spec.image, digest: spec.digest });
  const isolation = await context.isolation();
  const user = isolation.mode === 'plain' ? ownUser(image.user) : image.user;
  checkOwner(home, { user: ownUser(image.user), image: spec.image });
  if (found !== null) await killPod(layout, found);
  const owned = await giveHome(layout, home, ownUser(image.user));
  const pod = await launch({ layout, spec, record, home: owned, image: { ...image, user }, isolation });
  await markSeeded(layout, owned);
  return describe(spec.id, pod);
}

async function raiseFence(layout: Layout, spec: PodSpec): Promise<SandboxRecord> {
  const { id, owner, name, organization } = spec;
  const found = await readSandbox(layout, id);
  const fence = raiseForStart(found?.fence ?? OPEN_FENCE, spec);
  const record = { id, owner, name, organization, fence, pod: found?.pod ?? null };
  if (fence.seen !== found?.fence.seen) await writeSandbox(layout, record);
  return record;
}

async function findHome(layout: Layout, spec: PodSpec): Promise<HomeRecord> {
  const record = await readHome(layout, spec.id);
  if (record !== null) return recogniseHome({ layout, record, identity: spec.home });
  throw new RuntimeFailure(
    'HomeMissing',
    `home ${spec.id} was expected at ${homeOf(layout, spec.id)}, and no such home is recorded`,
  );
}

// Without root, all files and processes belong to the user of the service, whatever uid they seem to have inside.
function ownUser(user: ImageUser): ImageUser {
  const uid = process.getuid?.() ?? user.uid;
  return uid === 0 ? user : { ...user, uid, gid: process.getgid?.() ?? user.gid };
}

function checkOwner(home: HomeRecord, { user, image }: { user: ImageUser; image: string }): void {
  if (home.uid === null || home.uid === user.uid) return;
  throw new RuntimeFailure(
    'ImageInvalid',
    `image ${image} runs as user ${user.name} with uid ${user.uid}, and the files of home ${home.id} belong to uid ${home.uid}`,
  );
}

// The owner is recorded first, and the home's own folder is given away last. So while that folder is not the user's, no process of the
// user has been in the home and its paths can be trusted; after that no path in it is touched from here.
async function giveHome(layout: Layout, home: HomeRecord, user: ImageUser): Promise<HomeRecord> {
  const owned = { ...home, uid: user.uid };
  if (home.uid === null) await writeHome(layout, owned);
  const folder = homeOf(layout, home.id);
  if ((await lstat(folder)).uid === user.uid) return owned;
  for (const name of ['.perennial/home', '.perennial', '']) await chown(path.join(folder, name), user);
  return owned;
}

const chown = (file: string, { uid, gid }: ImageUser): Promise<void> =>
  lchown(file, uid, gid).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });

interface Launch {
  layout: Layout;
  spec: PodSpec;
  record: SandboxRecord;
  home: HomeRecord;
  image: Image;
  isolation: Isolation;
}

async function launch({ layout, spec, record, home, image, isolation }: Launch): Promise<PodRecord> {
  const instance = randomUUID();
  // The kernel knows DIR by its real path only, which is the one to hide.
  const real = layOut(await realpath(layout.dir));
  const runFolder = runFolderOf(real, instance);
  const isPlain = isolation.mode === 'plain';
  const memory = isPlain ? await planMemoryFolder(instance, image.user) : null;
  const secrets = isPlain ? (memory ?? path.join(runFolder, 'secrets')) : null;
  const init = await startInit(prepareInit({ layout: real, spec, instance, home, image, mode: isolation.mode }));
  const pod: PodRecord = {
    build: spec.build,
    instance,
    ready: false,
    mode: isolation.mode,
    init: init.identity,
    endedByStack: false,
    digest: image.digest,
    user: image.user,
    home: isPlain ? homeOf(real, spec.id) : `/home/${image.user.name}`,
    env: { ...image.env, ...spec.env, ...(secrets === null ? {} : plainEnv(image, { runFolder, secrets })) },
    secrets,
    warnings: [
      ...image.warnings,
      ...(isolation.mode === 'plain' ? [isolation.because] : []),
      ...(isPlain && memory === null ? [NO_MEMORY] : []),
    ],
  };
  await writeSandbox(layout, { ...record, pod });
  try {
    if (secrets !== null) for (const folder of [runFolder, secrets]) await makePrivateFolder(folder, image.user);
    const ready = { ...pod, init: await init.release(), ready: true };
    await writeSandbox(layout, { ...record, pod: ready });
    return ready;
  } catch (error) {
    await killPod(layout, pod);
    await writeSandbox(layout, { ...record, pod: null });
    throw error;
  }
}

const NO_MEMORY =
  'this machine has no file system in memory that lets programs run, so secrets lie on its disk while the sandbox runs';

// Where the image is not laid over the machine's root, these settings name the folders to hooks and to what injects secrets.
const plainEnv = (image: Image, { runFolder, secrets }: { runFolder: string; secrets: string }) => ({
  PERENNIAL_ROOTFS: image.rootfs,
  PERENNIAL_RUN_DIR: runFolder,
  PERENNIAL_SECRETS_DIR: secrets,
});

async function markSeeded(layout: Layout, home: HomeRecord): Promise<void> {
  if (!home.seeded) await writeHome(layout, { ...home, seeded: true });
}

function describe(id: string, pod: PodRecord): Pod {
  const { build, instance, digest, user, home, warnings } = pod;
  return { id, build, instance, digest, user: user.name, uid: user.uid, home, warnings };
}
