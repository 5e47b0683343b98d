/** The part of kustomize that deploy/kubernetes uses, so that its tests need no kubectl. Unknown fields are refused. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/** One object of Kubernetes, as its manifest says it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

interface Kustomization {
  apiVersion: string;
  kind: string;
  resources?: string[];
  components?: string[];
  namespace?: string;
  labels?: { pairs: Record<string, string> }[];
  patches?: { path: string; target: { kind: string } }[];
}

const KNOWN = ['apiVersion', 'kind', 'resources', 'components', 'namespace', 'labels', 'patches'];
const CLUSTER_WIDE = ['ClusterRole', 'ClusterRoleBinding', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];

/** All objects of a kustomization's folder. Throws a sentence when a file is missing or a field is unknown. */
export function build(folder: string): Manifest[] {
  return apply(folder, []);
}

function apply(folder: string, inherited: Manifest[]): Manifest[] {
  const spec = readKustomization(folder);
  const own = (spec.resources ?? []).flatMap((resource) => load(path.join(folder, resource)));
  const combined = (spec.components ?? []).reduce((all, part) => apply(path.join(folder, part), all), [...inherited, ...own]);
  for (const { path: file, target } of spec.patches ?? []) {
    const patch = parse(readFileSync(path.join(folder, file), 'utf8'));
    for (const manifest of combined.filter(({ kind }) => kind === target.kind)) patchOver(manifest, patch);
  }
  return combined.map((manifest) => setMetadata(manifest, spec));
}

function readKustomization(folder: string): Kustomization {
  const file = path.join(folder, 'kustomization.yaml');
  const spec: Kustomization = parse(readFileSync(file, 'utf8'));
  const unknown = Object.keys(spec).filter((field) => !KNOWN.includes(field));
  if (unknown.length > 0) throw new Error(`${file}: expected no field but ${KNOWN.join(', ')}, got ${unknown.join(', ')}`);
  return spec;
}

function load(resource: string): Manifest[] {
  if (!existsSync(resource)) throw new Error(`${resource}: expected a file or a folder, got nothing`);
  if (!resource.endsWith('.yaml')) return build(resource);
  const documents = parseAllDocuments(readFileSync(resource, 'utf8'));
  for (const { errors } of documents) if (errors[0]) throw new Error(`${resource}: ${errors[0].message}`);
  return documents.map((document) => document.toJS());
}

/** A patch never renames. */
function patchOver(manifest: Manifest, patch: Manifest): void {
  const { name } = manifest.metadata;
  mergeInto(manifest, patch);
  manifest.metadata.name = name;
}

function mergeInto(target: Record<string, unknown>, patch: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(patch)) {
    const old = target[key];
    if (isFields(old) && isFields(value)) mergeInto(old, value);
    else target[key] = value;
  }
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function setMetadata(manifest: Manifest, { namespace, labels = [] }: Kustomization): Manifest {
  const metadata = { ...manifest.metadata };
  for (const { pairs } of labels) metadata.labels = { ...metadata.labels, ...pairs };
  if (namespace !== undefined && manifest.kind === 'Namespace') metadata.name = namespace;
  else if (namespace !== undefined && !CLUSTER_WIDE.includes(manifest.kind)) metadata.namespace = namespace;
  return { ...manifest, metadata };
}
