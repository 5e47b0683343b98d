import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { quantity } from '../../contract/quantity';
import { RuntimeFailure } from '../failure';
import type { HomeSpec, Progress } from '../runtime';
import { ApiFailure } from './api/api-error';
import type { ClusterContext } from './context';
import { amendClaim, DISK, describeHome, readClaim } from './home/claim';
import { recogniseHome } from './home/recognise';
import { INSTALLATION, isOfInstallation, labelsOf } from './labels';
import { ensureNamespace } from './namespace/ensure-namespace';
import { claimName } from './object-names';

/**
 * Creates the claim of a home, or recognises it by its uid. POST is the only write, so that no existing claim is overwritten; the
 * volume is provisioned for the first pod.
 * @throws HomeMissing, NotAllowed, NoCapacity, RuntimeUnavailable
 */
export async function prepareHome(cluster: ClusterContext, spec: HomeSpec, progress: Progress): Promise<{ identity: string }> {
  progress.signal.throwIfAborted();
  await ensureNamespace(cluster, spec.organization, null);
  progress.signal.throwIfAborted();
  const found = (await readClaim(cluster, spec)) ?? (await createClaim(cluster, spec));
  const claim = recogniseHome(found, spec);
  const { owner } = describeHome(claim);
  if (owner !== spec.owner) {
    throw new RuntimeFailure('NotAllowed', `home ${spec.id} belongs to ${owner}, and ${spec.owner} asked for it`);
  }
  if (!isOfInstallation(claim, cluster.settings.installation))
    throw new RuntimeFailure('NotAllowed', explainOtherInstallation(spec.id));
  await growHome(cluster, spec, await recordSpec(cluster, spec, claim));
  return { identity: claim.metadata?.uid ?? '' };
}

async function createClaim(cluster: ClusterContext, spec: HomeSpec): Promise<V1PersistentVolumeClaim | null> {
  if (spec.identity !== null || spec.adopt) return null;
  const { storageClass, accessMode, installation } = cluster.settings;
  const body = {
    accessModes: [accessMode],
    resources: { requests: { storage: spec.disk } },
    ...(storageClass === null ? {} : { storageClassName: storageClass }),
  };
  const metadata = { name: claimName(spec.id), labels: labelsOf(spec, { build: 0, spec: body, installation }) };
  try {
    return await cluster.api.claims.create(cluster.namespaceOf(spec.organization), { metadata, spec: body });
  } catch (error) {
    // Another attempt created it first; a full quota answers 403 before the 409.
    const found =
      error instanceof ApiFailure && (error.status === 409 || error.status === 403) ? await readClaim(cluster, spec) : null;
    if (found === null) throw error;
    return found;
  }
}

function explainOtherInstallation(id: string): string {
  const handOver = `kubectl label pvc ${claimName(id)} ${INSTALLATION}-`;
  return `home ${id} belongs to another Perennial on this cluster; if that one no longer exists, \`${handOver}\` hands it over`;
}

/**
 * Writes the workspace's name, this installation, and the wanted size on the claim: an adopted home has those of its previous workspace,
 * and a volume may not grow to its size at once.
 */
async function recordSpec(
  cluster: ClusterContext,
  spec: HomeSpec,
  claim: V1PersistentVolumeClaim,
): Promise<V1PersistentVolumeClaim> {
  const { installation } = cluster.settings;
  const isRecorded = (current: V1PersistentVolumeClaim) => {
    const { name, disk } = describeHome(current);
    const isMarked = installation === null || current.metadata?.labels?.[INSTALLATION] === installation;
    return name === spec.name && disk === spec.disk && isMarked;
  };
  if (isRecorded(claim)) return claim;
  const mark = installation === null ? {} : { [INSTALLATION]: installation };
  const wanted = { labels: { 'perennial/name': spec.name, ...mark }, annotations: { [DISK]: spec.disk } };
  return (await amendClaim(cluster, spec, (current) => (isRecorded(current) ? null : wanted))) ?? claim;
}

/** Only a bound claim can grow, and only where its storage class allows that; a home that cannot grow stays usable. */
async function growHome(cluster: ClusterContext, spec: HomeSpec, claim: V1PersistentVolumeClaim): Promise<void> {
  const size = claim.spec?.resources?.requests?.storage ?? '0';
  if (claim.status?.phase !== 'Bound' || quantity(size) >= quantity(spec.disk)) return;
  const at = { namespace: cluster.namespaceOf(spec.organization), name: claimName(spec.id) };
  try {
    await cluster.api.claims.merge(at, { spec: { resources: { requests: { storage: spec.disk } } } });
  } catch (error) {
    if (!(error instanceof ApiFailure) || (error.status !== 403 && error.status !== 422)) throw error;
  }
}
